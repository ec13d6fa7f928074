#pragma once

#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/head.hpp"

namespace dialog {

inline constexpr std::size_t kAuthorBytesMax = 4096;

/// A head as stores keep it: the record, then the subject's DID; that is empty in a history.
Bytes print_head(const HeadRecord& record, std::string_view did);

/// `corrupt`; `what` names the record.
Result<HeadRecord> parse_head(ByteView body, const std::string& what);

/// How many bytes the record of a head that can be parsed takes; the subject's DID follows.
std::size_t head_bytes(ByteView body);

/// The subject's DID in a head that can be parsed; empty in a history.
std::string did_of_head(ByteView body);

/// `too_large`.
Result<void> check_author(std::string_view author);

}  // namespace dialog
