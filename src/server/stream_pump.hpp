#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core.hpp"
#include "dialog/server/answer_stream.hpp"

namespace dialog::server {

/// Gets from a stream what its connection sends. All of it belongs to the thread of the connection,
/// apart from the look at the store, which a worker has.
class StreamPump final : public std::enable_shared_from_this<StreamPump> {
 public:
  /// `core` and `loop` outlive the use of the source.
  StreamPump(ServerCore& core, EventLoop& loop, std::shared_ptr<AnswerStream> source)
      : core_(core), loop_(loop), source_(std::move(source)) {}

  enum class Next : std::uint8_t {
    piece,  ///< there is something to send
    wait,   ///< nothing now: `on_news` is called when there may be
    ended,  ///< and there will be nothing any more
  };
  void start(std::function<void()> on_news) { on_news_ = std::move(on_news); }
  /// Puts what is to be sent into `out`, which is empty.
  Next next(std::string& out);
  /// It is time to tell the client something, if only that the stream is alive.
  void beat();
  /// Asks for nothing more, and tells of no more news.
  void stop();

 private:
  void look();
  void tell_news();

  ServerCore& core_;
  EventLoop& loop_;
  std::shared_ptr<AnswerStream> source_;
  std::function<void()> on_news_;
  bool looking_ = false;
  bool beat_due_ = false;
  bool ended_ = false;
  std::optional<AnswerStream::Piece> found_;
};

}  // namespace dialog::server
