#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"

namespace dialog::server {

/// The body of an answer that goes on for as long as its client stays. Whoever serves it asks for a
/// piece, sends it, and asks again; where there is none at the moment it waits to be woken, and
/// sends the heartbeat meanwhile, now and then. It has one server at a time.
class AnswerStream {
 public:
  AnswerStream() = default;
  AnswerStream(const AnswerStream&) = delete;
  AnswerStream& operator=(const AnswerStream&) = delete;
  virtual ~AnswerStream() = default;

  struct Piece {
    Bytes bytes{};       ///< empty where there is nothing to tell now
    bool ended = false;  ///< nothing comes after this piece
  };
  /// What is to be sent next, without waiting for anything; absent where only `look` can tell.
  [[nodiscard]] virtual std::optional<Piece> ready() = 0;
  /// The same; may wait for the store. Judges also whether the client may still be told. To be
  /// called once in a while though nobody woke.
  [[nodiscard]] virtual Piece look(const Context& context) = 0;

  /// From now on `wake` is called, once, from any thread, as soon as there may be something new.
  /// False where there may be already: then it is not called.
  [[nodiscard]] virtual bool sleep(std::function<void()> wake) = 0;

  /// What tells a client that the stream is alive, and means nothing else.
  [[nodiscard]] virtual std::string_view heartbeat() const = 0;
};

}  // namespace dialog::server
