#include "dialog/cloud/sigv4.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

#include "dialog/base/check.hpp"
#include "dialog/identity/sha256.hpp"

namespace dialog::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encode_but(std::string_view text, std::string_view kept) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || kept.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto octet = static_cast<std::uint8_t>(c);
    encoded += '%';
    encoded += kDigits[octet >> 4U];
    encoded += kDigits[octet & 15U];
  }
  return encoded;
}

std::string lower(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// Without white space at both ends, and with runs of spaces made one.
std::string squeezed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const char plain = c == '\t' ? ' ' : c;
    if (plain == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += plain;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// Sorted by name and value; a parameter without a value gets an empty one.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view each = query.substr(0, end);
    const std::size_t equals = std::min(each.find('='), each.size());
    if (!each.empty()) {
      parameters.emplace_back(each.substr(0, equals),
                              each.substr(std::min(equals + 1, each.size())));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string text;
  for (const auto& [name, value] : parameters) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::string canonical_fields(std::string_view names, const HttpHeaders& headers) {
  std::string text;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(';'), names.size());
    const std::string_view name = names.substr(0, end);
    text.append(name).append(":");
    bool first = true;
    for (const auto& [field, value] : headers.fields()) {
      if (lower(field) != name) continue;
      if (!first) text += ',';
      text += squeezed(value);
      first = false;
    }
    text += '\n';
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return text;
}

std::string scope_text(std::string_view time, const Scope& scope) {
  return std::string(time.substr(0, 8))
      .append("/")
      .append(scope.region)
      .append("/")
      .append(scope.service)
      .append("/aws4_request");
}

struct UrlParts {
  std::string_view host;
  std::string_view path;
  std::string_view query;
};

UrlParts split(std::string_view url) {
  const std::size_t scheme = url.find("://");
  DIALOG_CHECK(scheme != std::string_view::npos, "a request to sign has no absolute URL");
  const std::string_view rest = url.substr(scheme + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view target = rest.substr(slash);
  const std::size_t question = std::min(target.find('?'), target.size());
  UrlParts parts{rest.substr(0, slash), target.substr(0, question),
                 target.substr(std::min(question + 1, target.size()))};
  if (parts.path.empty()) parts.path = "/";
  return parts;
}

}  // namespace

std::string encode(std::string_view text) { return encode_but(text, ""); }
std::string encode_path(std::string_view path) { return encode_but(path, "/"); }

// Days to a civil date after Howard Hinnant's algorithm: years begin in March.
std::string print_time(WallTime time) {
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t days = seconds / kDay + 719'468;
  const std::int64_t era = days / 146'097;
  const std::int64_t day_of_era = days % 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  const std::int64_t year = year_of_era + era * 400 + (month >= 10 ? 1 : 0);
  const std::int64_t rest = seconds % kDay;
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d%02d%02dT%02d%02d%02dZ", static_cast<int>(year),
      static_cast<int>(month < 10 ? month + 3 : month - 9), static_cast<int>(day),
      static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string signature(const Signed& what, const HttpHeaders& headers, std::string_view secret_key,
                      const Scope& scope) {
  const std::string canonical = std::string(what.method)
                                    .append("\n")
                                    .append(what.path)
                                    .append("\n")
                                    .append(canonical_query(what.query))
                                    .append("\n")
                                    .append(canonical_fields(what.names, headers))
                                    .append("\n")
                                    .append(what.names)
                                    .append("\n")
                                    .append(what.body_hash);
  const std::string to_sign = std::string(kAlgorithm)
                                  .append("\n")
                                  .append(what.time)
                                  .append("\n")
                                  .append(scope_text(what.time, scope))
                                  .append("\n")
                                  .append(to_hex(bytes_of(sha256(canonical))));
  Sha256 key = hmac_sha256(std::string("AWS4").append(secret_key), what.time.substr(0, 8));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request"), std::string_view(to_sign)}) {
    key = hmac_sha256(bytes_of(key), part);
  }
  return to_hex(bytes_of(key));
}

void sign(HttpRequest& request, const AwsCredentials& credentials, const Scope& scope,
          WallTime now) {
  const UrlParts url = split(request.target);
  const std::string time = print_time(now);
  const std::string body_hash = to_hex(bytes_of(sha256(request.body)));
  request.headers.add("x-amz-date", time);
  request.headers.add("x-amz-content-sha256", body_hash);
  if (!credentials.session_token.empty())
    request.headers.add("x-amz-security-token", credentials.session_token);
  HttpHeaders fields = request.headers;
  fields.set("host", std::string(url.host));
  std::vector<std::string> names;
  for (const auto& [name, value] : fields.fields()) names.push_back(lower(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string joined;
  for (const std::string& name : names) joined.append(joined.empty() ? "" : ";").append(name);
  const Signed what{request.method, url.path, url.query, joined, time, body_hash};
  request.headers.add("Authorization",
                      std::string(kAlgorithm)
                          .append(" Credential=")
                          .append(credentials.access_key)
                          .append("/")
                          .append(scope_text(time, scope))
                          .append(", SignedHeaders=")
                          .append(joined)
                          .append(", Signature=")
                          .append(signature(what, fields, credentials.secret_key, scope)));
}

}  // namespace dialog::sigv4
