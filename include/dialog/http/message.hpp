#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialog/base/bytes.hpp"

namespace dialog {

/// Header fields in order. Names compare without regard to case.
class HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  /// Room for so many fields.
  void reserve(std::size_t count) { fields_.reserve(count); }
  /// Adds a field, also where one of that name is there.
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string value);
  /// The first value of that name, or null. Valid until the next change.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

struct HttpRequest {
  std::string method;
  /// For a client the absolute URL; for a server the request target as it was sent: path and query,
  /// undecoded.
  std::string target;
  HttpHeaders headers;
  Bytes body;
};

/// What one exchange moved over the connection, header fields included, as far as the client can
/// tell: not the handshakes, and before the connection's own encryption.
struct HttpTraffic {
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  Bytes body;
  /// Set by clients only.
  HttpTraffic traffic;
};

/// The traffic of an exchange as HTTP/1.1 spells it, for clients that cannot measure.
HttpTraffic spelled_traffic(const HttpRequest& request, const HttpResponse& response);

}  // namespace dialog
