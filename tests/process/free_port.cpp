#include "process/free_port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dialog/base/check.hpp"

namespace dialog::test {

FreePort::FreePort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  DIALOG_CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  DIALOG_CHECK(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
               "getsockname");
  port_ = ntohs(address.sin_port);
}

FreePort::~FreePort() { ::close(socket_); }

}  // namespace dialog::test
