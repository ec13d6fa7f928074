#pragma once

#include <cstdint>
#include <sys/types.h>

namespace dialog::bench {

/// A bare loop over epoll, in a process of its own, that answers each read with the same bytes
/// without looking into them: what the loopback and the load allow. Where a server comes near it,
/// the load is what was measured.
class HttpFloor {
 public:
  HttpFloor();
  HttpFloor(const HttpFloor&) = delete;
  HttpFloor& operator=(const HttpFloor&) = delete;
  ~HttpFloor();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace dialog::bench
