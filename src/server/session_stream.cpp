#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "session.hpp"

/// What a session does with an answer that goes on for as long as its client stays.
namespace dialog::server {
namespace {

constexpr std::size_t kUnexpectedBytes = 1024;

}  // namespace

// The head of the answer, and what there was to tell at once, are sent.
void Session::begin_stream() {
  // The line of this request is written when the stream ends, those before it now.
  std::optional<Noted> own;
  if (!noted_.empty()) {
    own = std::move(noted_.back());
    noted_.pop_back();
  }
  log_sent();
  if (own) {
    own->streamed = own->body_bytes;
    noted_.push_back(*std::move(own));
  }
  // A client may stay for days: nothing is kept that only its request needed.
  out_ = {};
  large_out_ = {};
  written_ = 0;
  request_ = {};
  admission_ = {};
  known_.reset();
  input_ = {};
  response_bytes_.set(0);
  // A client that is gone without a word takes no heartbeats; the system notices.
  const auto patience = static_cast<unsigned>(core_.config.idle_time_max.count());
  ::setsockopt(stream_.file(), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
  pump_ = std::make_shared<StreamPump>(core_, loop(), std::move(streamed_));
  pump_->start([this] { run(); });
  enter(Phase::stream, core_.config.heartbeat_time);
  if (core_.stopping) close();
}

// Sends what there is. False, always: what comes next, comes by news or because there is room.
bool Session::stream() {
  // What a client sends after such a request means nothing, and its end that it is gone.
  if (fill(kUnexpectedBytes) != Input::none) {
    close();
    return false;
  }
  while (phase_ == Phase::stream) {
    if (out_.empty()) {
      const StreamPump::Next next = pump_->next(out_);
      if (next == StreamPump::Next::ended) close();
      if (next != StreamPump::Next::piece) return false;
      response_bytes_.set(out_.capacity());
      phase_start_ = loop().now();
      await_transfer(out_.size());
    }
    if (!send_piece()) return false;
  }
  return false;
}

// True where the client has taken all of it.
bool Session::send_piece() {
  while (written_ < out_.size()) {
    if (!writable_) return false;
    const Stream::Moved moved = stream_.write(std::string_view(out_).substr(written_), {});
    if (moved.state == Stream::State::failed) {
      close();
      return false;
    }
    writable_ = moved.state != Stream::State::blocked;
    written_ += moved.bytes;
    if (!noted_.empty()) *noted_.back().streamed += moved.bytes;
    Metrics::add(core_.service.metrics().bytes_out, moved.bytes);
  }
  out_ = {};
  written_ = 0;
  response_bytes_.set(0);
  set_deadline(loop().now() + core_.config.heartbeat_time);
  return true;
}

void Session::end_stream() {
  pump_->stop();
  pump_.reset();
  log_sent();
}

}  // namespace dialog::server
