#include "stream_pump.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace dialog::server {

StreamPump::Next StreamPump::next(std::string& out) {
  while (!looking_ && !ended_) {
    auto piece = std::exchange(found_, std::nullopt);
    if (!piece) piece = source_->ready();
    if (!piece) {
      look();
      break;
    }
    ended_ = piece->ended;
    out = std::move(piece->bytes);
    if (out.empty() && !ended_ && beat_due_) out = source_->heartbeat();
    if (!out.empty()) {
      beat_due_ = false;
      return Next::piece;
    }
    const bool is_asleep = ended_ || source_->sleep([self = shared_from_this()] {
      self->loop_.post([self] { self->tell_news(); });
    });
    if (is_asleep) break;
  }
  return ended_ ? Next::ended : Next::wait;
}

void StreamPump::beat() {
  beat_due_ = true;
  if (!looking_ && !ended_) look();
}

void StreamPump::look() {
  looking_ = true;
  boost::asio::post(core_.workers, [self = shared_from_this(), source = source_] {
    AnswerStream::Piece piece{{}, true};
    try {
      const Context context{.deadline = system_clock().now() + self->core_.config.request_time_max,
                            .cancel = self->core_.cancel.token()};
      piece = source->look(context);
    } catch (const std::exception& failure) {
      self->core_.log.event(Severity::error, "stream_failed", failure.what());
    }
    self->loop_.post([self, piece = std::move(piece)]() mutable {
      self->looking_ = false;
      self->found_ = std::move(piece);
      self->tell_news();
    });
  });
}

void StreamPump::tell_news() {
  // Whoever is told may stop this, and with it forget whom to tell.
  const auto on_news = on_news_;
  if (on_news) on_news();
}

void StreamPump::stop() {
  on_news_ = nullptr;
  ended_ = true;
  source_.reset();
}

}  // namespace dialog::server
