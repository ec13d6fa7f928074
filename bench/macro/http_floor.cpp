#include "http_floor.hpp"

#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.hpp"

namespace dialog::bench {
namespace {

// As large as what a server answers to HEAD.
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: application/json\r\n"
    "ETag: 1111111111111111111111111111111111111111111111111111111111111111\r\n"
    "Dialog-Sequence: 1\r\n"
    "Date: Sun, 22 Nov 2026 21:00:00 GMT\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Length: 240\r\n"
    "X-Request-Id: 00000000-1000000\r\n"
    "Connection: keep-alive\r\n\r\n";

void watch(int epoll, int socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

// A request of the load fits into one segment, so one read is one request.
void answer(int socket) {
  std::array<char, 4096> bytes;
  if (::recv(socket, bytes.data(), bytes.size(), 0) <= 0 ||
      ::send(socket, kResponse.data(), kResponse.size(), MSG_NOSIGNAL) <= 0)
    ::close(socket);
}

[[noreturn]] void serve(int listener) {
  const int epoll = ::epoll_create1(0);
  watch(epoll, listener);
  for (std::array<epoll_event, 64> events;;) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      if (socket != listener) {
        answer(socket);
        continue;
      }
      const int accepted = ::accept(listener, nullptr, nullptr);
      const int on = 1;
      ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(epoll, accepted);
    }
  }
}

}  // namespace

HttpFloor::HttpFloor() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1024) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    give_up("cannot listen");
  port_ = ntohs(address.sin_port);
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve(listener);
  }
  ::close(listener);
}

HttpFloor::~HttpFloor() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

}  // namespace dialog::bench
