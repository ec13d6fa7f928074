#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "event_loop.hpp"
#include "tls.hpp"

namespace dialog::server {

/// The bytes to and from one client. No call ever waits.
class Stream {
 public:
  /// `socket` does not block. Without `tls` the bytes go as they are.
  explicit Stream(Descriptor socket, TlsContext::Connection tls = nullptr)
      : socket_(std::move(socket)), tls_(std::move(tls)) {}

  enum class State {
    moved,    ///< some bytes, and there may be more
    emptied,  ///< some bytes, and nothing more for now: the socket tells when there is
    blocked,  ///< nothing for now
    ended,    ///< the client sends nothing more
    failed,   ///< the connection is broken
  };
  struct Moved {
    State state = State::failed;
    std::size_t bytes = 0;
  };

  [[nodiscard]] bool has_tls() const { return tls_ != nullptr; }
  /// `moved` once the two sides have agreed; to be called again until then. After `ended` the
  /// client has turned out to speak plain HTTP, and from now on so does this stream.
  State shake_hands();

  Moved read(std::span<char> into);
  /// The first, and where there is more room the second.
  Moved write(std::string_view first, std::string_view second);
  /// Tells the client that nothing more comes. False where the connection is broken.
  bool finish();

  [[nodiscard]] int file() const { return socket_.get(); }
  void close();

 private:
  [[nodiscard]] State after(int outcome) const;

  Descriptor socket_;
  TlsContext::Connection tls_;
};

}  // namespace dialog::server
