#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "event_loop.hpp"

namespace dialog::server {

/// The bytes to and from one client. No call ever waits.
class Stream {
 public:
  /// `socket` does not block.
  explicit Stream(Descriptor socket) : socket_(std::move(socket)) {}

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
  Moved read(std::span<char> into);
  /// The first, and where there is more room the second.
  Moved write(std::string_view first, std::string_view second);
  /// Tells the client that nothing more comes. False where the connection is broken.
  bool finish();

  [[nodiscard]] int file() const { return socket_.get(); }
  void close() { socket_.close(); }

 private:
  Descriptor socket_;
};

}  // namespace dialog::server
