#pragma once

#include <string>
#include <string_view>

#include "dialog/base/clock.hpp"
#include "dialog/http/message.hpp"

namespace dialog {

/// Who signs requests to an object store. The token is only there with temporary credentials.
struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;
};

namespace sigv4 {

/// What a signature is good for: one day, one region, one service.
struct Scope {
  std::string region;
  std::string service = "s3";
};

/// Percent-encodes as the signature wants it, and as paths and queries must then be sent: all but
/// letters, digits and `-._~`; in a path the slashes stay, too.
std::string encode(std::string_view text);
std::string encode_path(std::string_view path);

/// The date and time of a signature: `20130524T000000Z`.
std::string print_time(WallTime time);

/// Signs a client's request (AWS Signature Version 4): all its fields, its whole URL and its body.
/// Adds `x-amz-date`, `x-amz-content-sha256`, `x-amz-security-token` where there is one, and
/// `Authorization`; none of them may be there before. The URL's path and query must be encoded as
/// `encode` does, and its port must not be the scheme's own: clients leave that out of `Host`.
void sign(HttpRequest& request, const AwsCredentials& credentials, const Scope& scope,
          WallTime now);

/// The signature (64 hex digits) over a request that has all its fields already, of which `names`
/// (lower case, sorted, with semicolons between) are signed. For whoever checks one, too.
struct Signed {
  std::string_view method;
  std::string_view path;   ///< encoded, at least a slash
  std::string_view query;  ///< encoded, without the question mark
  std::string_view names;
  std::string_view time;
  std::string_view body_hash;
};
std::string signature(const Signed& what, const HttpHeaders& headers, std::string_view secret_key,
                      const Scope& scope);

}  // namespace sigv4
}  // namespace dialog
