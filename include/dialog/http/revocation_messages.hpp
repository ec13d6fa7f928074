#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/result.hpp"
#include "dialog/remote/revocations.hpp"

namespace dialog::wire {

/// The body of `POST /{did}/revocations`: a capability as text, whose last link is meant, or the id
/// of one.
struct RevokeMessage {
  std::optional<std::string> capability;
  std::optional<Hash> id;
};
std::string print_revoke(const RevokeMessage& message);
/// `malformed` where the body holds neither or both.
Result<RevokeMessage> parse_revoke(std::string_view body);

/// The body of the answer to it.
std::string print_revocation(const Revocation& revocation);
/// `malformed`.
Result<Revocation> parse_revocation(std::string_view body);
/// The body of `GET /{did}/revocations`.
std::string print_revocation_list(const std::vector<Revocation>& revocations);
/// `malformed`; `too_large` above `kRevocationsMax`.
Result<std::vector<Revocation>> parse_revocation_list(std::string_view body);

}  // namespace dialog::wire
