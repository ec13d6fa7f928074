#include "stream.hpp"

#include <array>
#include <cerrno>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace dialog::server {
namespace {

Stream::State after_error() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? Stream::State::blocked : Stream::State::failed;
}

}  // namespace

// TLS may want to write in order to read, and the other way round; whoever waits is told of both.
Stream::State Stream::after(int outcome) const {
  switch (SSL_get_error(tls_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return State::blocked;
    case SSL_ERROR_ZERO_RETURN:
      return State::ended;
    default:
      return State::failed;
  }
}

Stream::State Stream::shake_hands() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(tls_.get());
  if (outcome == 1) return State::moved;
  const State state = after(outcome);
  if (state != State::failed) return state == State::blocked ? state : State::failed;
  if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_HTTP_REQUEST) return State::failed;
  tls_.reset();
  return State::ended;
}

Stream::Moved Stream::read(std::span<char> into) {
  if (tls_) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int outcome = SSL_read_ex(tls_.get(), into.data(), into.size(), &bytes);
    return outcome == 1 ? Moved{State::moved, bytes} : Moved{after(outcome), 0};
  }
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
  if (tls_) {
    ERR_clear_error();
    const std::string_view some = first.empty() ? second : first;
    std::size_t bytes = 0;
    const int outcome = SSL_write_ex(tls_.get(), some.data(), some.size(), &bytes);
    return outcome == 1 ? Moved{State::moved, bytes} : Moved{after(outcome), 0};
  }
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

bool Stream::finish() {
  if (tls_) {
    // Says so within the encryption; what comes back says nothing more.
    SSL_shutdown(tls_.get());
    tls_.reset();
  }
  return shutdown(socket_.get(), SHUT_WR) == 0;
}

void Stream::close() {
  tls_.reset();
  socket_.close();
}

}  // namespace dialog::server
