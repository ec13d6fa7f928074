#pragma once

#include <string_view>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/revocations.hpp"

namespace dialog::detail {

/// More than the most revocations of one subject take.
inline constexpr std::size_t kRevokedBytesMax = std::size_t{512} * 1024;

/// What a subject has revoked, as a cloud keeps it: docs/format/bucket.md.
Bytes print_revoked(const std::vector<Revocation>& revocations, const Subject& subject);
/// `corrupt` where these are no bytes of it; `unsupported` where they are of a newer format.
Result<std::vector<Revocation>> parse_revoked(std::string_view text, const Subject& subject);

}  // namespace dialog::detail
