#include "dialog/http/url.hpp"

#include <algorithm>

#include "ascii.hpp"

namespace dialog {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Only what a host or a path may hold by RFC 3986. White space, control characters and backslashes
// never pass.
bool is_host_char(char c) {
  const char lower = ascii::to_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}

bool is_path_char(char c) {
  const char lower = ascii::to_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) ||
         std::string_view("-._~!$&'()*+,;=:@%/").find(c) != std::string_view::npos;
}

bool is_ipv6_literal(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
         std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
           const char lower = ascii::to_lower(c);
           return is_digit(c) || (lower >= 'a' && lower <= 'f') || c == ':' || c == '.';
         });
}

bool is_host(std::string_view host) {
  return is_ipv6_literal(host) ||
         (!host.empty() && std::all_of(host.begin(), host.end(), is_host_char));
}

bool is_ipv4_loopback(std::string_view host) {
  if (!host.starts_with("127.")) return false;
  int parts = 0;
  while (true) {
    const std::size_t end = std::min(host.find('.'), host.size());
    const auto part = ascii::parse_number(host.substr(0, end));
    if (!part || *part > 255) return false;
    ++parts;
    if (end == host.size()) return parts == 4;
    host.remove_prefix(end + 1);
  }
}

tl::unexpected<Error> bad_url(std::string_view url, std::string_view reason) {
  return fail(ErrorCode::invalid_argument,
              "\"" + std::string(url.substr(0, 200)) + "\" " + std::string(reason));
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view url) {
  const std::size_t colon = std::min(url.find("://"), url.size());
  const std::string_view scheme = url.substr(0, colon);
  Endpoint endpoint;
  endpoint.https_ = ascii::equal_ignoring_case(scheme, "https");
  if (!endpoint.https_ && !ascii::equal_ignoring_case(scheme, "http")) {
    return bad_url(url, "must start with http:// or https://");
  }
  const std::string_view rest = url.substr(std::min(colon + 3, url.size()));
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    // Not repeated in the message: it holds a password.
    return fail(ErrorCode::invalid_argument,
                "an endpoint must not hold credentials; give them by themselves");
  }
  const std::size_t bracket = authority.rfind(']');
  std::size_t port_colon = authority.rfind(':');
  if (bracket != std::string_view::npos && port_colon != std::string_view::npos &&
      port_colon < bracket) {
    port_colon = std::string_view::npos;
  }
  const std::string_view host = authority.substr(0, port_colon);
  if (!is_host(host)) return bad_url(url, "has no valid host");
  if (port_colon != std::string_view::npos) {
    const auto port = ascii::parse_number(authority.substr(port_colon + 1));
    if (!port || *port == 0 || *port > 65535) return bad_url(url, "has no valid port");
  }
  if (!std::all_of(path.begin(), path.end(), is_path_char)) {
    return bad_url(url, "must be a plain address: no query, no fragment, no spaces");
  }
  while (path.ends_with('/')) path.remove_suffix(1);

  endpoint.host_.resize(host.size());
  std::transform(host.begin(), host.end(), endpoint.host_.begin(), ascii::to_lower);
  endpoint.path_ = path;
  endpoint.authority_ = endpoint.host_;
  const std::string_view port = authority.substr(host.size());
  if (port != (endpoint.https_ ? ":443" : ":80")) endpoint.authority_ += port;
  endpoint.text_ = endpoint.https_ ? "https://" : "http://";
  endpoint.text_ += endpoint.host_;
  endpoint.text_ += port;
  endpoint.text_ += path;
  return endpoint;
}

bool Endpoint::is_loopback() const {
  return host_ == "localhost" || host_ == "[::1]" || is_ipv4_loopback(host_);
}

std::string Endpoint::log_url(const Subject& subject, std::string_view query) const {
  return subject_url(subject).append("/log?").append(query);
}

std::string Endpoint::subjects_url(std::string_view query) const {
  return (text_ + "/subjects?").append(query);
}

std::string Endpoint::blocks_url(const Subject& subject, std::string_view name) const {
  return subject_url(subject).append("/blocks/").append(name);
}

namespace wire {

TargetParts split_target(std::string_view target) {
  TargetParts parts;
  const std::size_t question = std::min(target.find('?'), target.size());
  if (question > 0) parts.path = target.substr(0, question);
  if (question < target.size()) parts.query = target.substr(question);
  return parts;
}

Result<Subject> parse_subject_segment(std::string_view segment) {
  if (segment.starts_with("did:")) return Subject::parse(segment);
  const auto decoded = ascii::percent_decode(segment);
  if (!decoded) return fail(ErrorCode::malformed, "the path holds a wrong percent escape");
  return Subject::parse(*decoded);
}

}  // namespace wire
}  // namespace dialog
