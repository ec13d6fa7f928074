#pragma once

#include <cstdint>
#include <string>

namespace dialog::test {

/// A port of this machine that nobody uses at the moment; kept from others while this object lives.
/// For programs that must be told theirs.
class FreePort {
 public:
  FreePort();
  FreePort(const FreePort&) = delete;
  FreePort& operator=(const FreePort&) = delete;
  ~FreePort();
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace dialog::test
