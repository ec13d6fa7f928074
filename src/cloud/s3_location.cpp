#include <algorithm>
#include <optional>

#include "dialog/cloud/s3_config.hpp"
#include "dialog/http/url.hpp"

namespace dialog {
namespace {

constexpr std::string_view kScheme = "s3://";
// S3 takes keys of 1024 bytes; ours add at most 138.
constexpr std::size_t kPrefixBytesMax = 512;

tl::unexpected<Error> bad(std::string_view url, const std::string& reason) {
  return fail(ErrorCode::invalid_argument, "\"" + printable(url) + "\": " + reason);
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_bucket(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && is_lower_or_digit(name.front()) &&
         is_lower_or_digit(name.back()) && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '.' || c == '-'; });
}

bool is_region(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_lower_or_digit(c) || c == '-' || c == '_';
  });
}

// Only what needs no encoding, and no segment that somebody on the way could take for a step up.
bool is_prefix(std::string_view prefix) {
  if (prefix.size() > kPrefixBytesMax || sigv4::encode_path(prefix) != prefix) return false;
  while (!prefix.empty()) {
    const std::size_t end = std::min(prefix.find('/'), prefix.size());
    const std::string_view segment = prefix.substr(0, end);
    if (segment.empty() || segment == "." || segment == "..") return false;
    prefix.remove_prefix(std::min(end + 1, prefix.size()));
  }
  return true;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (text.front() != '%') {
      result += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto octet = from_hex(text.substr(1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    result += *octet;
    text.remove_prefix(3);
  }
  return result;
}

struct Parameters {
  std::optional<std::string> endpoint;
  std::optional<std::string> region;
  std::optional<bool> path_style;
};

Result<Parameters> parse_parameters(std::string_view url, std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view each = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(each.find('='), each.size());
    const std::string_view name = each.substr(0, equals);
    const auto value = decoded(each.substr(std::min(equals + 1, each.size())));
    if (!value) return bad(url, "holds a wrong percent escape");
    if (name == "endpoint" && !parameters.endpoint) {
      parameters.endpoint = *value;
    } else if (name == "region" && !parameters.region) {
      if (!is_region(*value)) return bad(url, "names no valid region");
      parameters.region = *value;
    } else if (name == "path-style" && !parameters.path_style &&
               (*value == "true" || *value == "false")) {
      parameters.path_style = *value == "true";
    } else {
      return bad(url,
                 "takes only endpoint=URL, region=NAME and path-style=true or false, each once");
    }
  }
  return parameters;
}

// Without the port where it is the scheme's own: clients leave it out of `Host`, which is signed.
std::string without_default_port(const Endpoint& endpoint) {
  std::string text = endpoint.text();
  const std::string port = endpoint.is_https() ? ":443" : ":80";
  const std::size_t start = text.find("://") + 3;
  const std::size_t end = std::min(text.find('/', start), text.size());
  if (std::string_view(text).substr(0, end).ends_with(port)) {
    text.erase(end - port.size(), port.size());
  }
  return text;
}

}  // namespace

Result<S3Location> S3Location::parse(std::string_view url, std::string_view default_region) {
  if (!is_meant_by(url)) return bad(url, "must start with s3://");
  std::string_view rest = url.substr(kScheme.size());
  const std::size_t question = std::min(rest.find('?'), rest.size());
  DIALOG_ASSIGN(const Parameters parameters,
                parse_parameters(url, rest.substr(std::min(question + 1, rest.size()))));
  rest = rest.substr(0, question);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  S3Location location;
  location.bucket_ = rest.substr(0, slash);
  location.prefix_ = rest.substr(std::min(slash + 1, rest.size()));
  if (!is_bucket(location.bucket_)) return bad(url, "names no valid bucket");
  if (!is_prefix(location.prefix_)) {
    return bad(url, "the prefix may hold letters, digits and -._~ between single slashes only");
  }
  if (!is_region(default_region)) return bad(default_region, "is no valid region");
  location.region_ = parameters.region.value_or(std::string(default_region));
  DIALOG_ASSIGN(const Endpoint endpoint, Endpoint::parse(parameters.endpoint.value_or(
                                             "https://s3." + location.region_ + ".amazonaws.com")));
  location.private_ = endpoint.is_https() || endpoint.is_loopback();
  const std::string base = without_default_port(endpoint);
  const bool path_style = parameters.path_style.value_or(
      parameters.endpoint.has_value() || location.bucket_.find('.') != std::string::npos);
  const std::size_t host = base.find("://") + 3;
  location.bucket_url_ = path_style
                             ? base + "/" + location.bucket_
                             : base.substr(0, host) + location.bucket_ + "." + base.substr(host);
  location.text_ = std::string(kScheme).append(location.bucket_);
  if (!location.prefix_.empty()) location.text_.append("/").append(location.prefix_);
  char separator = '?';
  const auto add = [&](const char* name, const std::string& value) {
    location.text_.append(1, separator).append(name).append("=").append(value);
    separator = '&';
  };
  if (parameters.endpoint) add("endpoint", base);
  if (parameters.region) add("region", *parameters.region);
  if (parameters.path_style) add("path-style", *parameters.path_style ? "true" : "false");
  return location;
}

std::string S3Location::key(std::string_view name) const {
  return prefix_.empty() ? std::string(name) : prefix_ + "/" + std::string(name);
}

std::string S3Location::bucket_url(std::string_view query) const {
  return bucket_url_ + "/?" + std::string(query);
}

std::string S3Location::object_url(std::string_view name) const {
  return bucket_url_ + "/" + sigv4::encode_path(key(name));
}

}  // namespace dialog
