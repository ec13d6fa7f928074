#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "process/child.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {

/// nginx on a free port of this machine, configured as the example of the documentation, but
/// without TLS.
class Proxy {
 public:
  /// `upstream`: the port of the server behind it.
  explicit Proxy(std::uint16_t upstream);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  TempFolder folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Child> process_;
};

}  // namespace dialog::test
