#include "stream.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>

namespace dialog::server {
namespace {

Stream::State after_error() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? Stream::State::blocked : Stream::State::failed;
}

}  // namespace

Stream::Moved Stream::read(std::span<char> into) {
  ssize_t count = 0;
  do {
    count = recv(socket_.get(), into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return {after_error(), 0};
  const auto bytes = static_cast<std::size_t>(count);
  if (bytes == 0) return {State::ended, 0};
  return {bytes < into.size() ? State::emptied : State::moved, bytes};
}

Stream::Moved Stream::write(std::string_view first, std::string_view second) {
  // The system only reads what it is given here.
  std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                             iovec{const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = second.empty() ? 1 : 2;
  ssize_t count = 0;
  do {
    count = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return {after_error(), 0};
  return {State::moved, static_cast<std::size_t>(count)};
}

bool Stream::finish() { return shutdown(socket_.get(), SHUT_WR) == 0; }

}  // namespace dialog::server
