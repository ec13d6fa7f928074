#pragma once

#include <string>
#include <string_view>

#include "dialog/http/message.hpp"
#include "dialog/http/structured_fields.hpp"

/// The parts of HTTP Message Signatures (RFC 9421) and of Digest Fields (RFC 9530) that signed
/// requests are made of, whatever they cover and whoever signs.
namespace dialog::wire {

/// What a signature may cover of a request beside its fields.
struct SignedTarget {
  std::string_view method;
  /// Host, in lower case, and the port where it is not the scheme's own.
  std::string_view authority;
  std::string_view path;   ///< never empty
  std::string_view query;  ///< with its question mark; `?` where there is none
};

/// The text that a signature with these parameters signs (section 2.5). `malformed` where the
/// request lacks a field that is covered, or one is covered twice; `unsupported` where a component
/// is covered that this library does not know: any with parameters, any derived one but
/// `@method`, `@authority`, `@path`, `@query`.
Result<std::string> signature_base(const structured::InnerList& covered, const SignedTarget& target,
                                   const HttpHeaders& headers);

/// The values of all fields of that name as one, the way that lists are joined; absent where there
/// is none.
std::optional<std::string> joined_field(const HttpHeaders& headers, std::string_view name);

/// A value for `Content-Digest`, with the SHA-256 hash of the body.
std::string print_content_digest(ByteView body);

/// Whether the `Content-Digest` field holds the SHA-256 hash of the body. Other hashes beside it
/// are passed over. `malformed`, also where there is no SHA-256; `corrupt` where it is another.
Result<void> check_content_digest(std::string_view field, ByteView body);

}  // namespace dialog::wire
