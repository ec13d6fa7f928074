#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// The address of a remote: scheme, host, port and maybe a path prefix. A value.
class Endpoint {
 public:
  /// `http://` or `https://`, a host, maybe a port and a path; a trailing slash makes no
  /// difference. `invalid_argument` for anything else: credentials, a query or a fragment among
  /// them.
  static Result<Endpoint> parse(std::string_view url);

  /// The whole address without a trailing slash.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] bool is_https() const { return https_; }
  /// The host, and behind a colon the port where it is not the scheme's own.
  [[nodiscard]] const std::string& authority() const { return authority_; }
  /// What follows the authority: empty, or starting with a slash and not ending with one.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// True for `localhost`, `127.0.0.0/8` and `[::1]`: what is sent there does not leave the
  /// machine.
  [[nodiscard]] bool is_loopback() const;

  /// `{endpoint}/`
  [[nodiscard]] std::string capabilities_url() const { return text_ + "/"; }
  /// `{endpoint}/{did}`, with the DID as it is.
  [[nodiscard]] std::string subject_url(const Subject& subject) const {
    return text_ + "/" + subject.did();
  }
  /// `{endpoint}/{did}/log?{query}`
  [[nodiscard]] std::string log_url(const Subject& subject, std::string_view query) const;
  /// `{endpoint}/{did}/watch`
  [[nodiscard]] std::string watch_url(const Subject& subject) const {
    return subject_url(subject) + "/watch";
  }
  /// `{endpoint}/subjects?{query}`
  [[nodiscard]] std::string subjects_url(std::string_view query) const;
  /// `{endpoint}/{did}/revocations`
  [[nodiscard]] std::string revocations_url(const Subject& subject) const {
    return subject_url(subject) + "/revocations";
  }
  /// `{endpoint}/{did}/blocks/{name}`, where the name is `get`, `put`, `has` or a hash in hex.
  [[nodiscard]] std::string blocks_url(const Subject& subject, std::string_view name) const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;

 private:
  Endpoint() = default;
  std::string text_;
  std::string host_;
  std::string authority_;
  std::string path_;
  bool https_ = false;
};

namespace wire {

/// Path and query of a request target, as signatures cover them.
struct TargetParts {
  std::string_view path = "/";   ///< never empty
  std::string_view query = "?";  ///< with its question mark; `?` where there is none
};
/// `target` starts with a slash or a question mark, or is empty. The parts are valid as long as it.
TargetParts split_target(std::string_view target);

/// The subject that a path segment names: a segment that starts with `did:` is taken literally, any
/// other is decoded exactly once. `malformed` for a wrong escape; `invalid_argument` where the
/// result is no DID.
Result<Subject> parse_subject_segment(std::string_view segment);

}  // namespace wire
}  // namespace dialog
