#include "session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "response_head.hpp"

namespace dialog::server {
namespace {

// What a client may still send after it was refused; more, and it may lose the response.
constexpr std::size_t kDrainBytesMax = std::size_t{1024} * 1024;
constexpr std::chrono::milliseconds kDrainTimeMax{1000};
// Where that much was answered it is sent before another request is looked at.
constexpr std::size_t kOutBytes = std::size_t{32} * 1024;
// A larger body is sent from where it is.
constexpr std::size_t kCopiedBytes = std::size_t{2} * 1024;
// What a connection keeps for its next request.
constexpr std::size_t kKeptBytes = 1024;
// A larger block is hashed and compressed by a worker.
constexpr std::size_t kGatheredBytesMax = std::size_t{16} * 1024;
constexpr std::size_t kLoggedPathBytesMax = 512;

std::string loggable_path(std::string target) {
  target.resize(std::min(target.size(), target.find('?')));
  if (target.size() <= kLoggedPathBytesMax) return target;
  target.resize(kLoggedPathBytesMax);
  return target + "...";
}

HeadLimits limits_of(const ServerConfig& config) {
  return {.request_line_bytes_max = config.request_line_bytes_max,
          .head_bytes_max = config.head_bytes_max,
          .fields_max = config.fields_max};
}

}  // namespace

Session::Session(ServerCore& core, Shard& shard, Stream stream, const Address& peer,
                 std::optional<AddressTable::Lease> lease)
    : core_(core),
      shard_(shard),
      stream_(std::move(stream)),
      peer_(peer),
      peer_text_(core_.log.wants_requests() ? peer.to_string() : std::string()),
      lease_(std::move(lease)),
      scanner_(limits_of(core_.config)),
      request_bytes_(core_.budget),
      response_bytes_(core_.budget) {}

Session::~Session() = default;

void Session::start() {
  if (!loop().add(stream_.file(), *this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) return close();
  // A new connection has sent nothing yet, but has come to send: it gets no idle time.
  enter(stream_.has_tls() ? Phase::handshake : Phase::idle, core_.config.head_time_max);
  run();
}

void Session::begin_stop() {
  if (phase_ == Phase::idle || phase_ == Phase::handshake || phase_ == Phase::stream) close();
}

void Session::close() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::stream) end_stream();
  if (phase_ == Phase::response) log_sent();
  phase_ = Phase::closed;
  deadline_ = Time::max();
  stream_.close();
  shard_.let_go(*this);
}

void Session::enter(Phase phase, std::chrono::milliseconds time_max) {
  phase_ = phase;
  phase_start_ = loop().now();
  set_deadline(phase_start_ + time_max);
}

void Session::set_deadline(Time deadline) {
  deadline_ = deadline;
  loop().wake_at(deadline);
}

void Session::await_transfer(std::size_t bytes_done) {
  const auto& config = core_.config;
  const std::size_t rate = std::max<std::size_t>(1, config.transfer_bytes_per_second_min);
  set_deadline(phase_start_ + config.transfer_grace +
               std::chrono::milliseconds(bytes_done * 1000 / rate));
}

void Session::on_late() {
  switch (phase_) {
    case Phase::head:
    case Phase::body:
      refuse(408, ErrorCode::timeout, "the request did not come in time");
      return run();
    case Phase::handshake:
    case Phase::idle:
    case Phase::response:
    case Phase::drain:
      return close();
    case Phase::stream:
      if (!out_.empty()) return close();
      set_deadline(Time::max());
      pump_->beat();
      break;
    case Phase::work:
    case Phase::closed:
      break;
  }
}

void Session::on_ready(std::uint32_t events) {
  if (phase_ == Phase::closed) return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_ended_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if (stream_.has_tls()) readable_ = writable_ = true;
  run();
}

// Goes on as far as it can without waiting.
void Session::run() {
  try {
    advance();
    keep_input();
  } catch (...) {
    close();
    throw;
  }
}

void Session::advance() {
  bool goes_on = true;
  while (goes_on) {
    switch (phase_) {
      case Phase::handshake:
        goes_on = shake_hands();
        break;
      case Phase::idle:
      case Phase::head:
        goes_on = read_head();
        break;
      case Phase::body:
        goes_on = read_body();
        break;
      case Phase::response:
        goes_on = send();
        break;
      case Phase::stream:
        goes_on = stream();
        break;
      case Phase::drain:
        goes_on = drain();
        break;
      case Phase::work:
      case Phase::closed:
        goes_on = false;
    }
  }
}

// Adds to what came.
Session::Input Session::fill(std::size_t bytes_max) {
  if (!readable_) return Input::none;
  std::span<char> into = std::span(shard_.scratch).first(std::min(bytes_max, kReadBytes));
  const std::size_t had = input_.size();
  if (had > 0) {
    keep_input();
    buffer_.resize(had + into.size());
    into = std::span(buffer_).subspan(had);
  }
  const Stream::Moved moved = stream_.read(into);
  if (had > 0) buffer_.resize(had + moved.bytes);
  input_ = {had > 0 ? buffer_.data() : into.data(), had + moved.bytes};
  switch (moved.state) {
    case Stream::State::moved:
      return Input::more;
    case Stream::State::emptied:
      // That nothing more comes is read, too.
      readable_ = peer_ended_;
      return Input::more;
    case Stream::State::blocked:
      readable_ = false;
      return Input::none;
    case Stream::State::ended:
    case Stream::State::failed:
      break;
  }
  return Input::over;
}

// Takes what came out of the memory that the next session reads to.
void Session::keep_input() {
  if (input_.empty()) {
    if (buffer_.capacity() > kKeptBytes) buffer_ = {};
  } else if (input_.data() == shard_.scratch.data() ||
             (input_.data() > shard_.scratch.data() &&
              input_.data() < shard_.scratch.data() + shard_.scratch.size())) {
    buffer_.assign(input_);
  } else {
    buffer_.erase(0, static_cast<std::size_t>(input_.data() - buffer_.data()));
  }
  input_ = input_.empty() ? std::string_view() : std::string_view(buffer_);
  if (phase_ == Phase::idle && out_.empty() && out_.capacity() > kKeptBytes) out_ = {};
}

bool Session::shake_hands() {
  switch (stream_.shake_hands()) {
    case Stream::State::moved:
    case Stream::State::emptied:
      enter(Phase::idle, core_.config.head_time_max);
      return true;
    case Stream::State::blocked:
      return false;
    case Stream::State::ended:
      out_ =
          "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
          "Connection: close\r\n\r\n";
      send_then(After::end);
      return true;
    case Stream::State::failed:
      break;
  }
  close();
  return false;
}

void Session::next_request() {
  scanner_ = HeadScanner(limits_of(core_.config));
  chunks_.reset();
  client_.reset();
  client_lease_.reset();
  request_bytes_.set(0);
  request_ = {};
  admission_ = {};
  write_.reset();
  keep_alive_ = false;
  skipped_line_ = false;
  if (input_.empty() && core_.stopping && out_.empty()) return close();
  enter(Phase::idle, core_.config.idle_time_max);
}

void Session::work() {
  if (chunks_) request_.body = std::move(chunks_->get().body());
  chunks_.reset();
  request_bytes_.set(held_bytes(request_.body));
  if (admission_.work == Service::Work::at_once) return answer_now();
  if (!out_.empty()) return send_then(After::work);
  phase_ = Phase::work;
  deadline_ = Time::max();
  if (core_.queued_requests.fetch_add(1) >= core_.config.queued_requests_max) {
    core_.queued_requests.fetch_sub(1);
    return refuse(503, ErrorCode::resource_exhausted, "too many requests at once; try again soon");
  }
  if (admission_.work == Service::Work::gathered && request_.body.size() <= kGatheredBytesMax) {
    gather();
  } else {
    hand_to_worker();
  }
}

void Session::answer_now() {
  respond(core_.service.answer(request_, admission_, {}, [this](std::size_t bytes) {
    return response_bytes_.grow_to(out_.size() + bytes);
  }));
}

void Session::gather() {
  auto begun = core_.service.begin_write(request_, admission_);
  if (auto* answer = std::get_if<Answer>(&begun)) {
    core_.queued_requests.fetch_sub(1);
    return respond(std::move(*answer));
  }
  write_ = std::get<Service::Write>(std::move(begun));
  core_.gatherer->add(std::shared_ptr<Gatherer::Client>(shared_from_this(), this));
}

void Session::on_written() {
  core_.queued_requests.fetch_sub(1);
  if (phase_ == Phase::closed) return;
  respond(core_.service.end_write(request_, admission_, *write_));
  run();
}

void Session::hand_to_worker() {
  boost::asio::post(core_.workers, [self = shared_from_this()] {
    ServerCore& core = self->core_;
    Answer answer;
    try {
      const Context context{.deadline = system_clock().now() + core.config.request_time_max,
                            .cancel = core.cancel.token()};
      // Nothing else touches the session while it waits for its answer.
      answer = core.service.answer(
          self->request_, self->admission_, context,
          [&self](std::size_t bytes) { return self->response_bytes_.grow_to(bytes); });
    } catch (const std::exception& failure) {
      answer = core.service.refuse(self->request_, 500, {ErrorCode::internal, failure.what(), {}});
    }
    core.queued_requests.fetch_sub(1);
    self->loop().post(
        [self, answer = std::move(answer)]() mutable { self->on_answer(std::move(answer)); });
  });
}

void Session::on_answer(Answer answer) {
  if (phase_ == Phase::closed) return;
  respond(std::move(answer));
  run();
}

void Session::refuse(int status, ErrorCode code, std::string message) {
  close_after_ = true;
  // Of a head that was not read to its end the method alone matters: a response to HEAD has no
  // body.
  if (request_.method.empty() && input_.starts_with("HEAD ")) request_.method = "HEAD";
  respond(core_.service.refuse(request_, status, {code, std::move(message), {}}));
}

void Session::respond(Answer answer) {
  if (answer.forged) core_.forgeries.note(client(), std::chrono::steady_clock::now());
  if (core_.stopping || !keep_alive_ || answer.stream) close_after_ = true;
  append_response_head(out_, answer.response, answer.stream != nullptr);
  const std::size_t id_at = out_.size();
  core_.append_request_id(out_);
  const std::size_t id_bytes = out_.size() - id_at;
  out_ += close_after_ ? "\r\nConnection: close\r\n\r\n" : "\r\nConnection: keep-alive\r\n\r\n";
  count_request(answer);
  if (core_.log.wants_requests()) note_request(answer, out_.substr(id_at, id_bytes));
  Bytes& body = answer.response.body;
  if (body.size() <= kCopiedBytes) {
    out_ += body;
  } else {
    large_out_ = std::move(body);
  }
  request_.body = {};
  request_bytes_.set(0);
  response_bytes_.set(out_.size() + held_bytes(large_out_));
  streamed_ = std::move(answer.stream);
  if (streamed_) return send_then(After::stream);
  if (close_after_) return send_then(After::end);
  const bool is_much = out_.size() + large_out_.size() > kOutBytes || !large_out_.empty();
  if (is_much || input_.empty()) return send_then(After::next_request);
  next_request();
}

void Session::count_request(const Answer& answer) {
  Metrics::Request request{answer.resource,
                           request_.method,
                           answer.response.status,
                           request_.body.size(),
                           answer.response.body.size(),
                           {}};
  if (request_start_ != Time{}) {
    request.duration = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - request_start_);
  }
  core_.service.metrics().request(request);
}

void Session::note_request(Answer& answer, std::string request_id) {
  Noted& noted = noted_.emplace_back();
  noted.start = request_start_;
  noted.body_begin = out_.size();
  noted.body_bytes = answer.response.body.size();
  AccessRecord& record = noted.record;
  record.request_id = std::move(request_id);
  record.address = client_ ? client_->to_string() : peer_text_;
  // Nobody needs them any more.
  record.method = std::move(request_.method);
  record.path = loggable_path(std::move(request_.target));
  record.status = answer.response.status;
  record.bytes_in = request_.body.size();
  record.subject = std::move(answer.subject);
  record.who = std::move(answer.who);
  record.fault = std::move(answer.fault);
}

void Session::send_then(After after) {
  after_ = after;
  enter(Phase::response, core_.config.transfer_grace);
}

// True where all is sent.
bool Session::send() {
  while (writable_) {
    const std::size_t of_first = std::min(written_, out_.size());
    const Stream::Moved moved =
        stream_.write(std::string_view(out_).substr(of_first),
                      std::string_view(large_out_).substr(written_ - of_first));
    if (moved.state == Stream::State::failed) {
      close();
      return false;
    }
    if (moved.state == Stream::State::blocked) {
      writable_ = false;
      break;
    }
    written_ += moved.bytes;
    if (written_ == out_.size() + large_out_.size()) {
      on_sent();
      return true;
    }
    await_transfer(written_);
  }
  return false;
}

void Session::on_sent() {
  if (after_ == After::stream) return begin_stream();
  log_sent();
  out_.clear();
  large_out_ = {};
  written_ = 0;
  response_bytes_.set(0);
  switch (after_) {
    case After::next_request:
      return next_request();
    case After::body:
      return enter(Phase::body, core_.config.transfer_grace);
    case After::work:
      return work();
    case After::stream:
    case After::end:
      return end();
  }
}

void Session::log_sent() {
  if (noted_.empty()) return;
  const Time now = std::chrono::steady_clock::now();
  for (Noted& noted : noted_) {
    AccessRecord& record = noted.record;
    record.time = system_clock().wall();
    record.bytes_out = noted.streamed.value_or(
        std::min(written_ - std::min(written_, noted.body_begin), noted.body_bytes));
    if (noted.start != Time{}) {
      record.duration = std::chrono::duration_cast<std::chrono::microseconds>(now - noted.start);
    }
    core_.log.request(record);
  }
  noted_.clear();
}

void Session::end() {
  // Closing with unread bytes would reset the connection, and the client might lose the response.
  if (!stream_.finish()) return close();
  input_ = {};
  enter(Phase::drain, kDrainTimeMax);
}

bool Session::drain() {
  const Input input = fill(kUncountedReadBytes);
  drained_ += input_.size();
  input_ = {};
  if (input == Input::over || drained_ > kDrainBytesMax) close();
  return input == Input::more && phase_ == Phase::drain;
}

}  // namespace dialog::server
