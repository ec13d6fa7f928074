#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>

#include "session.hpp"

/// How a session receives a request.
namespace dialog::server {
namespace {

namespace http = boost::beast::http;
using BoostError = boost::system::error_code;

// So much is read at once while the head of a request is looked for; what is behind it is kept.
constexpr std::size_t kHeadReadBytes = std::size_t{16} * 1024;

constexpr std::size_t kKeptHostBytes = 64;

}  // namespace

bool Session::read_head() {
  if (phase_ == Phase::idle && !input_.empty()) {
    request_start_ = loop().now();
    enter(Phase::head, core_.config.head_time_max);
  }
  if (!input_.empty() && !skip_empty_line()) {
    const auto outcome = scanner_.scan(input_);
    if (const auto* refused = std::get_if<HeadScanner::Refused>(&outcome)) {
      refuse(refused->status, ErrorCode::malformed, refused->reason);
      return true;
    }
    if (const auto* complete = std::get_if<HeadScanner::Complete>(&outcome)) {
      on_head(complete->head_bytes);
      return true;
    }
  }
  if (!out_.empty()) {
    send_then(After::next_request);
    return true;
  }
  const Input input = fill(kHeadReadBytes);
  if (input == Input::over) close();
  return input == Input::more;
}

// Some clients send an empty line after a body; one before a request means nothing. True where more
// bytes are needed to tell.
bool Session::skip_empty_line() {
  if (skipped_line_) return false;
  if (input_[0] != '\r') {
    skipped_line_ = true;
    return false;
  }
  if (input_.size() == 1) return true;
  skipped_line_ = true;
  if (input_[1] == '\n') input_.remove_prefix(2);
  return input_.empty();
}

bool Session::count_client() {
  if (!core_.trusted_proxies.contains(peer_)) return true;
  const auto client = forwarded_client(request_.headers, core_.trusted_proxies);
  if (!client) return true;
  client_ = client;
  client_lease_ = core_.addresses->acquire(*client);
  return client_lease_.has_value();
}

Peer Session::came_from() const {
  return client().is_loopback() ? Peer::this_machine : Peer::elsewhere;
}

bool Session::is_rebound() {
  if (core_.config.open || core_.service.asks_for_credentials()) return false;
  const std::string* host = request_.headers.find("Host");
  if (host == nullptr || *host == local_host_) return false;
  if (!is_local_or_address(*host)) return true;
  if (host->size() <= kKeptHostBytes) local_host_ = *host;
  return false;
}

void Session::on_head(std::size_t head_bytes) {
  const std::string_view head = input_.substr(0, head_bytes);
  request_ = scanner_.request(head);
  keep_alive_ = scanner_.keep_alive();
  if (scanner_.is_chunked() && !begin_chunks(head)) {
    return refuse(400, ErrorCode::malformed, "this is no HTTP request");
  }
  input_.remove_prefix(head_bytes);
  if (!count_client())
    return refuse(429, ErrorCode::resource_exhausted, "too many requests of one client at once");
  if (is_rebound()) {
    return refuse(421, ErrorCode::unauthorized,
                  "without tokens this server answers to localhost and to addresses only");
  }
  admission_ = core_.service.admit(request_, came_from(), known_);
  // One that waits may hold a whole signature: that is not kept.
  const bool is_kept = !admission_.refusal && admission_.work != Service::Work::waiting;
  known_ = is_kept ? admission_.visit : nullptr;
  const bool has_body = chunks_ || scanner_.content_length().value_or(0) > 0;
  if (admission_.refusal) {
    close_after_ = has_body;
    return respond(*std::move(admission_.refusal));
  }
  if (admission_.is_to_verify &&
      !core_.forgeries.admit(client(), std::chrono::steady_clock::now())) {
    return refuse(429, ErrorCode::resource_exhausted,
                  "too many wrong signatures of one client; try again in a minute");
  }
  if (!judge_body()) return;
  if (!has_body) return work();
  await_body();
}

bool Session::judge_body() {
  const auto length = scanner_.content_length();
  if (length && *length > admission_.body_bytes_max) {
    refuse(413, ErrorCode::too_large,
           "the body is longer than " + std::to_string(admission_.body_bytes_max) + " bytes");
    return false;
  }
  const std::string* expect = request_.headers.find("Expect");
  if (expect != nullptr && !boost::beast::iequals(*expect, "100-continue")) {
    refuse(417, ErrorCode::unsupported, "the only expectation that is met is 100-continue");
    return false;
  }
  if (chunks_) chunks_->body_limit(admission_.body_bytes_max);
  return true;
}

// The scanner has judged the head; this parser counts and joins the chunks that follow it.
bool Session::begin_chunks(std::string_view head) {
  chunks_ = std::make_unique<ChunkParser>();
  chunks_->header_limit(static_cast<std::uint32_t>(head.size()) + 1);
  chunks_->body_limit(boost::none);
  BoostError error;
  const std::size_t used = chunks_->put(boost::asio::buffer(head), error);
  const bool is_understood = !error || error == http::error::need_more;
  chunks_->eager(true);
  return is_understood && chunks_->is_header_done() && used == head.size();
}

void Session::await_body() {
  body_left_ = static_cast<std::size_t>(scanner_.content_length().value_or(0));
  request_.body.reserve(body_left_);
  enter(Phase::body, core_.config.transfer_grace);
  // A client that has sent some of it did not wait for this.
  if (input_.empty() && request_.headers.find("Expect") != nullptr)
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  if (!out_.empty() && input_.size() < body_left_) send_then(After::body);
}

bool Session::read_body() {
  if (!(chunks_ ? take_chunks() : take_body())) return true;
  const Bytes& body = chunks_ ? chunks_->get().body() : request_.body;
  const bool is_whole = chunks_ ? chunks_->is_done() : body_left_ == 0;
  const std::size_t next = chunks_ ? kUncountedReadBytes : std::min(body_left_, kReadBytes);
  if (!request_bytes_.grow_to(held_bytes(body) + (is_whole ? 0 : input_.size() + next))) {
    refuse(503, ErrorCode::resource_exhausted, "too many bodies at once; try again soon");
    return true;
  }
  if (is_whole) {
    work();
    return true;
  }
  await_transfer(body.size());
  const Input input = fill(next);
  if (input == Input::over) close();
  return input == Input::more;
}

bool Session::take_body() {
  const std::size_t some = std::min(input_.size(), body_left_);
  request_.body.append(input_.substr(0, some));
  input_.remove_prefix(some);
  body_left_ -= some;
  return true;
}

// False where the request was refused.
bool Session::take_chunks() {
  while (!input_.empty() && !chunks_->is_done()) {
    BoostError error;
    const std::size_t used = chunks_->put(boost::asio::buffer(input_), error);
    input_.remove_prefix(used);
    if (error == http::error::need_more || (!error && used == 0)) break;
    if (error == http::error::body_limit) {
      refuse(413, ErrorCode::too_large, "the body is too long");
      return false;
    }
    if (error) {
      refuse(400, ErrorCode::malformed, "the body is not coded as its head says");
      return false;
    }
  }
  if (!chunks_->is_done() && input_.size() > core_.config.head_bytes_max) {
    refuse(400, ErrorCode::malformed, "a line of the body is too long");
    return false;
  }
  return true;
}

}  // namespace dialog::server
