#include <algorithm>
#include <array>

#include "dialog/cloud/etcd_config.hpp"

namespace dialog {
namespace {

constexpr std::string_view kPlain = "etcd://";
constexpr std::string_view kTls = "etcds://";
constexpr std::string_view kDefaultPort = ":2379";
constexpr std::string_view kDefaultPrefix = "dialog";
constexpr std::size_t kHostsMax = 16;
constexpr std::size_t kPrefixBytesMax = 256;

tl::unexpected<Error> bad_address(std::string_view url, std::string_view reason) {
  return fail(ErrorCode::invalid_argument,
              "\"" + std::string(url.substr(0, 200)) + "\" " + std::string(reason));
}

bool is_prefix_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").find(c) != std::string_view::npos;
}

bool is_visible(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

bool has_port(std::string_view host) {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  return colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
}

// The first part of `text` up to `separator`, which is taken off with it.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace

Result<EtcdAddress> EtcdAddress::parse(std::string_view url) {
  const bool tls = url.starts_with(kTls);
  if (!tls && !url.starts_with(kPlain)) {
    return bad_address(url, "must start with etcd:// or etcds://");
  }
  std::string_view rest = url.substr(tls ? kTls.size() : kPlain.size());
  const std::size_t question = rest.find('?');
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  rest = rest.substr(0, question);
  const std::string_view hosts = take_part(rest, '/');
  // Not repeated in a message: it may hold a password.
  if (hosts.find('@') != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument,
                "an address of etcd must not hold credentials; give them by themselves");
  }
  if (hosts.ends_with(',') || query.ends_with('&')) {
    return bad_address(url, "ends a list with nothing");
  }
  EtcdAddress address;
  address.text_ = tls ? kTls : kPlain;
  DIALOG_TRY(address.parse_hosts(hosts, tls ? "https://" : "http://"));

  while (rest.ends_with('/')) rest.remove_suffix(1);
  address.prefix_ = rest.empty() ? kDefaultPrefix : rest;
  if (address.prefix_.size() > kPrefixBytesMax ||
      !std::all_of(address.prefix_.begin(), address.prefix_.end(), is_prefix_char)) {
    return bad_address(url, "has no valid prefix: letters, digits and -._~/ alone");
  }
  address.text_ += "/" + address.prefix_;
  if (question != std::string_view::npos) DIALOG_TRY(address.parse_query(query));
  return address;
}

Result<void> EtcdAddress::parse_hosts(std::string_view hosts, std::string_view scheme) {
  do {
    std::string host(take_part(hosts, ','));
    if (!has_port(host)) host += kDefaultPort;
    DIALOG_ASSIGN(Endpoint endpoint, Endpoint::parse(std::string(scheme) + host));
    if (std::find(endpoints_.begin(), endpoints_.end(), endpoint) != endpoints_.end()) {
      return bad_address(host, "is named twice");
    }
    if (endpoints_.size() == kHostsMax) {
      return bad_address(host, "is one too many: at most 16 members can be named");
    }
    text_ += (endpoints_.empty() ? "" : ",") + endpoint.text().substr(scheme.size());
    endpoints_.push_back(std::move(endpoint));
  } while (!hosts.empty());
  return {};
}

Result<void> EtcdAddress::parse_query(std::string_view query) {
  struct Parameter {
    std::string_view name;
    std::optional<std::string> TlsFiles::* file;
  };
  constexpr std::array kParameters{Parameter{"ca", &TlsFiles::ca},
                                   Parameter{"cert", &TlsFiles::certificate},
                                   Parameter{"key", &TlsFiles::key}};
  text_ += "?" + std::string(query);
  do {
    std::string_view value = take_part(query, '&');
    const std::string_view name = take_part(value, '=');
    const auto* const found =
        std::find_if(kParameters.begin(), kParameters.end(),
                     [&](const Parameter& parameter) { return parameter.name == name; });
    if (found == kParameters.end() || tls_files_.*(found->file) || !is_visible(value)) {
      return bad_address(text_, "may have ca=FILE, cert=FILE and key=FILE, once each");
    }
    tls_files_.*(found->file) = std::string(value);
  } while (!query.empty());
  if (!is_tls()) return bad_address(text_, "names files for TLS; that is etcds://");
  if (tls_files_.certificate.has_value() != tls_files_.key.has_value()) {
    return bad_address(text_, "must name a certificate and its key, or neither");
  }
  return {};
}

bool EtcdAddress::is_loopback() const {
  return std::all_of(endpoints_.begin(), endpoints_.end(),
                     [](const Endpoint& endpoint) { return endpoint.is_loopback(); });
}

}  // namespace dialog
