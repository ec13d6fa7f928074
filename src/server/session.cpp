#include "session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <exception>

#include "dialog/base/check.hpp"

namespace dialog::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kHeadReadBytes = 4096;
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
// Where what is read may stay uncounted: beyond the end of a body that does not tell its length,
// and after a refusal.
constexpr std::size_t kUncountedReadBytes = std::size_t{16} * 1024;
// What a client may still send after it was refused; more, and it may lose the response.
constexpr std::size_t kDrainBytesMax = std::size_t{1024} * 1024;
constexpr std::chrono::milliseconds kDrainTimeMax{1000};
constexpr std::size_t kLoggedPathBytesMax = 512;

// The memory that a body takes. One that told its length got room for it all, but uses only what
// came.
std::size_t held_bytes(const Bytes& body) { return std::min(body.capacity(), 2 * body.size()); }

std::string loggable_path(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path.size() <= kLoggedPathBytesMax) return std::string(path);
  return std::string(path.substr(0, kLoggedPathBytesMax)) + "...";
}

std::string response_head(const HttpResponse& response, std::string_view request_id,
                          bool keep_alive) {
  const std::string_view reason =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
  std::string head =
      "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason) + "\r\n";
  for (const auto& [name, value] : response.headers.fields()) {
    DIALOG_CHECK(value.find_first_of("\r\n") == std::string::npos,
                 "a response field must be one line");
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (response.status != 204 && response.headers.find("Content-Length") == nullptr) {
    head.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  }
  head.append("X-Request-Id: ").append(request_id).append("\r\n");
  head.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  return head;
}

}  // namespace

Session::Session(ServerCore& core, Stream stream, Address peer,
                 std::optional<AddressTable::Lease> lease)
    : core_(core),
      stream_(std::move(stream)),
      timer_(stream_.get_executor()),
      peer_(std::move(peer)),
      lease_(std::move(lease)),
      buffer_(core_.config.head_bytes_max + kReadBytes),
      request_bytes_(core_.budget),
      response_bytes_(core_.budget) {}

void Session::start() {
  next_request();
  // A new connection has sent nothing yet, but has come to send: it gets no idle time.
  if (phase_ == Phase::idle) enter(Phase::idle, core_.config.head_time_max);
}

void Session::begin_stop() {
  if (phase_ == Phase::idle) close();
}

void Session::close() {
  if (phase_ == Phase::response) log_request();
  phase_ = Phase::closed;
  BoostError ignored;
  stream_.close(ignored);
  timer_.cancel();
}

void Session::enter(Phase phase, std::chrono::milliseconds time_max) {
  phase_ = phase;
  phase_start_ = std::chrono::steady_clock::now();
  arm(phase_start_ + time_max);
}

void Session::arm(Time deadline) {
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const BoostError& error) {
    if (!error) self->on_timer();
  });
}

void Session::arm_transfer(std::size_t bytes_done) {
  const auto& config = core_.config;
  const std::size_t rate = std::max<std::size_t>(1, config.transfer_bytes_per_second_min);
  arm(phase_start_ + config.transfer_grace + std::chrono::milliseconds(bytes_done * 1000 / rate));
}

void Session::on_timer() {
  // The timer may have been set again after it fired and before this call.
  if (timer_.expiry() > std::chrono::steady_clock::now()) return;
  switch (phase_) {
    case Phase::head:
    case Phase::body: {
      timed_out_ = true;
      BoostError ignored;
      stream_.cancel(ignored);
      break;
    }
    case Phase::idle:
    case Phase::response:
    case Phase::drain:
      close();
      break;
    case Phase::work:
    case Phase::closed:
      break;
  }
}

void Session::next_request() {
  scanner_.emplace(HeadLimits{.request_line_bytes_max = core_.config.request_line_bytes_max,
                              .head_bytes_max = core_.config.head_bytes_max,
                              .fields_max = core_.config.fields_max});
  body_.reset();
  client_lease_.reset();
  request_bytes_.set(0);
  response_bytes_.set(0);
  request_ = {};
  record_ = {};
  keep_alive_ = false;
  skipped_line_ = false;
  if (buffer_.size() > 0) {
    request_start_ = std::chrono::steady_clock::now();
    enter(Phase::head, core_.config.head_time_max);
    scan_head();
    return;
  }
  if (core_.stopping) return close();
  buffer_.shrink_to_fit();
  enter(Phase::idle, core_.config.idle_time_max);
  read(kHeadReadBytes);
}

void Session::read(std::size_t bytes_max) {
  const std::size_t room = buffer_.max_size() - buffer_.size();
  if (room == 0) return refuse(400, ErrorCode::malformed, "a line of the body is too long");
  stream_.async_read_some(buffer_.prepare(std::min(bytes_max, room)),
                          [self = shared_from_this()](const BoostError& error, std::size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

void Session::on_read(const BoostError& error, std::size_t bytes) {
  if (phase_ == Phase::closed) return;
  if (timed_out_) return refuse(408, ErrorCode::timeout, "the request did not come in time");
  if (error) return close();
  buffer_.commit(bytes);
  if (phase_ == Phase::drain) {
    drained_ += bytes;
    buffer_.consume(buffer_.size());
    return drained_ > kDrainBytesMax ? close() : read(kUncountedReadBytes);
  }
  if (phase_ == Phase::body) return read_body();
  if (phase_ == Phase::idle) {
    request_start_ = std::chrono::steady_clock::now();
    enter(Phase::head, core_.config.head_time_max);
  }
  scan_head();
}

void Session::scan_head() {
  if (skip_empty_line()) return read(kHeadReadBytes);
  const auto data = buffer_.data();
  const auto outcome = scanner_->scan({static_cast<const char*>(data.data()), data.size()});
  if (const auto* refused = std::get_if<HeadScanner::Refused>(&outcome)) {
    return refuse(refused->status, ErrorCode::malformed, refused->reason);
  }
  if (const auto* complete = std::get_if<HeadScanner::Complete>(&outcome))
    return on_head(complete->head_bytes);
  read(kHeadReadBytes);
}

// Some clients send an empty line after a body; one before a request means nothing. True where more
// bytes are needed to tell.
bool Session::skip_empty_line() {
  if (skipped_line_ || buffer_.size() == 0) return false;
  const auto* bytes = static_cast<const char*>(buffer_.data().data());
  if (bytes[0] != '\r') {
    skipped_line_ = true;
    return false;
  }
  if (buffer_.size() == 1) return true;
  skipped_line_ = true;
  if (bytes[1] == '\n') buffer_.consume(2);
  return buffer_.size() == 0;
}

bool Session::read_fields(const HeadParser& parser) {
  request_ = request_of(parser);
  record_.method = request_.method;
  record_.path = loggable_path(request_.target);
  keep_alive_ = parser.keep_alive();
  return count_client();
}

bool Session::count_client() {
  if (!core_.trusted_proxies.contains(peer_)) return true;
  const auto client = forwarded_client(request_.headers, core_.trusted_proxies);
  if (!client) return true;
  record_.address = client->to_string();
  client_lease_ = core_.addresses->acquire(*client);
  return client_lease_.has_value();
}

bool Session::is_rebound() const {
  if (core_.config.open || core_.service.asks_for_credentials()) return false;
  const std::string* host = request_.headers.find("Host");
  return host != nullptr && !is_local_or_address(*host);
}

void Session::on_head(std::size_t head_bytes) {
  HeadParser parser;
  if (!parse_head(parser, {static_cast<const char*>(buffer_.data().data()), head_bytes})) {
    return refuse(400, ErrorCode::malformed, "this is no HTTP request");
  }
  buffer_.consume(head_bytes);
  const bool counted = read_fields(parser);
  body_.emplace(std::move(parser));
  body_->eager(true);
  if (!counted)
    return refuse(429, ErrorCode::resource_exhausted, "too many requests of one client at once");
  if (is_rebound()) {
    return refuse(421, ErrorCode::unauthorized,
                  "without tokens this server answers to localhost and to addresses only");
  }

  auto admission = core_.service.admit(request_);
  if (admission.refusal) {
    close_after_ = !body_->is_done();
    return respond(*std::move(admission.refusal));
  }
  if (!judge_length(admission.body_bytes_max)) return;
  if (body_->is_done()) return work();

  const std::string* expect = request_.headers.find("Expect");
  enter(Phase::body, core_.config.transfer_grace);
  if (expect == nullptr) return read_body();
  send_continue();
}

bool Session::judge_length(std::size_t body_bytes_max) {
  const auto length = body_->content_length();
  if (length && *length > body_bytes_max) {
    refuse(413, ErrorCode::too_large,
           "the body is longer than " + std::to_string(body_bytes_max) + " bytes");
    return false;
  }
  const std::string* expect = request_.headers.find("Expect");
  if (expect != nullptr && !boost::beast::iequals(*expect, "100-continue")) {
    refuse(417, ErrorCode::unsupported, "the only expectation that is met is 100-continue");
    return false;
  }
  body_->body_limit(body_bytes_max);
  return true;
}

void Session::send_continue() {
  if (buffer_.size() > 0) return read_body();  // the client did not wait
  head_out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(head_out_),
                    [self = shared_from_this()](const BoostError& error, std::size_t) {
                      if (self->phase_ == Phase::closed) return;
                      if (error) return self->close();
                      self->read_body();
                    });
}

void Session::read_body() {
  while (buffer_.size() > 0 && !body_->is_done()) {
    BoostError error;
    const std::size_t used = body_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (error == http::error::need_more || (!error && used == 0)) break;
    if (error == http::error::body_limit) {
      return refuse(413, ErrorCode::too_large, "the body is too long");
    }
    if (error) return refuse(400, ErrorCode::malformed, "the body is not coded as its head says");
  }
  const bool done = body_->is_done();
  const auto rest = body_->content_length_remaining();
  const std::size_t next = rest ? std::min<std::size_t>(*rest, kReadBytes) : kUncountedReadBytes;
  const Bytes& body = body_->get().body();
  if (!request_bytes_.grow_to(held_bytes(body) + (done ? 0 : buffer_.size() + next))) {
    return refuse(503, ErrorCode::resource_exhausted, "too many bodies at once; try again soon");
  }
  if (done) return work();
  arm_transfer(body.size());
  read(next);
}

void Session::work() {
  phase_ = Phase::work;
  timer_.cancel();
  buffer_.shrink_to_fit();
  request_.body = std::move(body_->get().body());
  record_.bytes_in = request_.body.size();
  request_bytes_.set(held_bytes(request_.body));
  if (core_.queued_requests.fetch_add(1) >= core_.config.queued_requests_max) {
    core_.queued_requests.fetch_sub(1);
    return refuse(503, ErrorCode::resource_exhausted, "too many requests at once; try again soon");
  }
  asio::post(core_.workers, [self = shared_from_this()] {
    ServerCore& core = self->core_;
    Answer answer;
    try {
      const Context context{.deadline = system_clock().now() + core.config.request_time_max,
                            .cancel = core.cancel.token()};
      // Nothing else touches the session while it waits for its answer.
      answer = core.service.answer(self->request_, context, [&self](std::size_t bytes) {
        return self->response_bytes_.grow_to(bytes);
      });
    } catch (const std::exception& failure) {
      answer = core.service.refuse(self->request_, 500, {ErrorCode::internal, failure.what(), {}});
    }
    core.queued_requests.fetch_sub(1);
    asio::post(self->stream_.get_executor(), [self, answer = std::move(answer)]() mutable {
      if (self->phase_ != Phase::closed) self->respond(std::move(answer));
    });
  });
}

void Session::refuse(int status, ErrorCode code, std::string message) {
  close_after_ = true;
  // Of a head that was not read to its end the method alone matters: a response to HEAD has no
  // body.
  constexpr std::string_view kHead = "HEAD ";
  const auto data = buffer_.data();
  if (request_.method.empty() &&
      std::string_view(static_cast<const char*>(data.data()), data.size()).starts_with(kHead)) {
    request_.method = "HEAD";
  }
  respond(core_.service.refuse(request_, status, {code, std::move(message), {}}));
}

void Session::respond(Answer answer) {
  timed_out_ = false;
  if (core_.stopping || !keep_alive_) close_after_ = true;
  record_.request_id = core_.next_request_id();
  record_.status = answer.response.status;
  record_.subject = std::move(answer.subject);
  record_.who = std::move(answer.who);
  record_.fault = std::move(answer.fault);
  head_out_ = response_head(answer.response, record_.request_id, !close_after_);
  body_out_ = std::move(answer.response.body);
  request_.body = {};
  body_.reset();
  request_bytes_.set(0);
  response_bytes_.set(held_bytes(body_out_));
  written_ = 0;
  enter(Phase::response, core_.config.transfer_grace);
  write();
}

void Session::write() {
  std::array<asio::const_buffer, 2> buffers{asio::buffer(head_out_), asio::buffer(body_out_)};
  const std::size_t of_head = std::min(written_, head_out_.size());
  buffers[0] += of_head;
  buffers[1] += written_ - of_head;
  stream_.async_write_some(buffers,
                           [self = shared_from_this()](const BoostError& error, std::size_t bytes) {
                             self->on_write(error, bytes);
                           });
}

void Session::on_write(const BoostError& error, std::size_t bytes) {
  if (phase_ == Phase::closed) return;
  written_ += bytes;
  if (error) return close();
  if (written_ == head_out_.size() + body_out_.size()) return on_response_sent();
  arm_transfer(written_);
  write();
}

void Session::on_response_sent() {
  log_request();
  body_out_ = {};
  response_bytes_.set(0);
  if (close_after_) return drain();
  next_request();
}

void Session::log_request() {
  record_.time = system_clock().wall();
  record_.bytes_out = written_ - std::min(written_, head_out_.size());
  if (record_.address.empty()) record_.address = peer_.to_string();
  if (request_start_ != Time{}) {
    record_.duration = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - request_start_);
  }
  core_.log.request(record_);
}

void Session::drain() {
  // Closing with unread bytes would reset the connection, and the client might lose the response.
  BoostError error;
  stream_.shutdown(Stream::shutdown_send, error);
  if (error) return close();
  buffer_.consume(buffer_.size());
  buffer_.shrink_to_fit();
  enter(Phase::drain, kDrainTimeMax);
  read(kUncountedReadBytes);
}

}  // namespace dialog::server
