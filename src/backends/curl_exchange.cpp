#include "curl_exchange.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "dialog/base/check.hpp"
#include "dialog/http/url.hpp"

namespace dialog {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kHeaderBytesMax = std::size_t{64} * 1024;
// How long a fired token may stay unseen.
constexpr milliseconds kLookAround{50};
// Below the time after which servers close an idle connection, so that it is seldom closed just
// when a request goes out.
constexpr long kConnectionAgeSecondsMax = 20;

constexpr ByteView kSpace = " \t\r\n";

ByteView trim(ByteView text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == ByteView::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

ErrorCode meaning_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return ErrorCode::invalid_argument;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::resource_exhausted;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::timeout;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
      return ErrorCode::malformed;
    // The peer is not whom it should be, or we cannot know: no later attempt changes that.
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return ErrorCode::not_a_remote;
    default:
      return ErrorCode::unavailable;
  }
}

bool is_loopback(const std::string& url) {
  // The whole URL of a request is no endpoint: only its scheme and authority are asked for.
  const std::size_t authority = std::min(url.find("://"), url.size());
  const auto endpoint = Endpoint::parse(url.substr(0, url.find_first_of("/?", authority + 3)));
  return endpoint && endpoint->is_loopback();
}

bool is_one_line(ByteView text) {
  return text.find_first_of(ByteView("\r\n\0", 3)) == ByteView::npos;
}

tl::unexpected<Error> no_curl() {
  return fail(ErrorCode::resource_exhausted, "libcurl cannot go on");
}

}  // namespace

Result<HttpResponse, HttpFailure> CurlExchange::run(const Context& context) {
  if (auto wanted = check_context(context, system_clock()); !wanted) {
    return fail(HttpFailure{std::move(wanted).error(), false});
  }
  if (!session_.easy || !session_.multi) return fail(HttpFailure{no_curl().value(), false});
  if (auto prepared = prepare(); !prepared) {
    return fail(HttpFailure{std::move(prepared).error(), false});
  }
  auto outcome = exchange(context);
  // The handle stays in use, and must not refer to this object any longer.
  curl_easy_reset(session_.easy.get());
  return outcome;
}

Result<HttpResponse, HttpFailure> CurlExchange::exchange(const Context& context) {
  CURL* easy = session_.easy.get();
  CURLM* multi = session_.multi.get();
  if (curl_multi_add_handle(multi, easy) != CURLM_OK)
    return fail(HttpFailure{no_curl().value(), false});
  auto code = wait(context);
  // An exchange that is not complete takes its connection with it, and leaves a look-up of the
  // host's name to its own thread.
  curl_multi_remove_handle(multi, easy);
  if (!code) return fail(failure(std::move(code).error()));
  if (*code != CURLE_OK && !is_ended_) return fail(failure(*code));
  return take_response();
}

Result<void> CurlExchange::prepare() {
  CURL* easy = session_.easy.get();
  curl_easy_reset(easy);
  prepare_method();
  DIALOG_TRY(prepare_fields());
  curl_easy_setopt(easy, CURLOPT_URL, request_.target.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Otherwise the end of an exchange waits for a look-up that is under way, whatever the deadline.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kConnectionAgeSecondsMax);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "dialog");
  // What is compressed may wait for more.
  if (options_.accept_compressed && stream_ == nullptr)
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  if (options_.ca_file) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file->c_str());
  if (options_.certificate_file)
    curl_easy_setopt(easy, CURLOPT_SSLCERT, options_.certificate_file->c_str());
  if (options_.key_file) curl_easy_setopt(easy, CURLOPT_SSLKEY, options_.key_file->c_str());
  if (is_loopback(request_.target)) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  } else if (options_.proxy) {
    curl_easy_setopt(easy, CURLOPT_PROXY, options_.proxy->c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  return {};
}

void CurlExchange::prepare_method() {
  CURL* easy = session_.easy.get();
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request_.body.empty() && request_.method == "GET") {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    return;
  }
  // Every body is handed over by a callback that cannot go back. libcurl sends a request once more
  // by itself where a kept connection turns out to be closed, although the peer may have acted on
  // it; with a body it would have to rewind, and fails instead.
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &CurlExchange::on_upload);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &CurlExchange::on_rewind);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
}

Result<void> CurlExchange::prepare_fields() {
  for (const auto& [name, value] : request_.headers.fields()) {
    // A line break would be another field, or another request.
    if (!is_one_line(name) || !is_one_line(value)) {
      return fail(ErrorCode::invalid_argument, "a header field must be one line");
    }
    // A field without a value is spelled in a way of libcurl's own.
    const std::string line =
        value.empty() ? name + ";" : std::string(name).append(": ").append(value);
    if (!append_field(line)) return no_curl();
  }
  // Neither wait for a permission to send a body, nor say that anything is accepted.
  if (!append_field("Expect:") || !append_field("Accept:")) return no_curl();
  curl_easy_setopt(session_.easy.get(), CURLOPT_HTTPHEADER, fields_.get());
  return {};
}

bool CurlExchange::append_field(const std::string& line) {
  curl_slist* list = curl_slist_append(fields_.get(), line.c_str());
  if (list == nullptr) return false;
  // Lists grow at their end: where there is one, its head stays.
  if (!fields_) fields_.reset(list);
  return true;
}

Result<CURLcode> CurlExchange::wait(const Context& context) {
  CURLM* multi = session_.multi.get();
  note_arrival();
  while (true) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
      return no_curl();
    }
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &queued)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    DIALOG_TRY(check_context(context, system_clock()));
    DIALOG_TRY(check_silence());
    milliseconds pause = kLookAround;
    if (context.deadline) {
      const auto left = duration_cast<milliseconds>(*context.deadline - system_clock().now());
      pause = std::clamp(left + milliseconds(1), milliseconds(0), kLookAround);
    }
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(pause.count()), nullptr);
  }
}

void CurlExchange::note_arrival() {
  if (stream_ != nullptr) heard_at_ = system_clock().now();
}

int CurlExchange::status() const {
  long status = 0;
  curl_easy_getinfo(session_.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

Result<void> CurlExchange::check_silence() {
  if (stream_ == nullptr || system_clock().now() - heard_at_ <= stream_->silence_max) return {};
  return fail(ErrorCode::timeout,
              request_.method + " " + request_.target + ": nothing arrives any more");
}

std::size_t CurlExchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const ByteView line(data, size * count);
  return static_cast<CurlExchange*>(self)->take_header(line) ? line.size() : 0;
}

bool CurlExchange::take_header(ByteView line) {
  header_bytes_ += line.size();
  note_arrival();
  if (header_bytes_ > kHeaderBytesMax) return false;
  // An interim response, or that of a proxy, goes before the one that was asked for.
  if (line.starts_with("HTTP/")) {
    response_.headers = {};
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == ByteView::npos) return true;
  response_.headers.add(std::string(line.substr(0, colon)),
                        std::string(trim(line.substr(colon + 1))));
  return true;
}

std::size_t CurlExchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  const ByteView piece(data, size * count);
  return static_cast<CurlExchange*>(self)->take_body(piece) ? piece.size() : 0;
}

bool CurlExchange::take_body(ByteView piece) {
  note_arrival();
  if (stream_ != nullptr && status() == 200) {
    is_ended_ = !stream_->on_piece(piece);
    return !is_ended_;
  }
  body_too_large_ = piece.size() > response_bytes_max_ - response_.body.size();
  if (body_too_large_) return false;
  response_.body.append(piece);
  return true;
}

std::size_t CurlExchange::on_upload(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const ByteView rest = ByteView(exchange.request_.body).substr(exchange.uploaded_);
  const std::size_t taken = std::min(rest.size(), size * count);
  std::memcpy(data, rest.data(), taken);
  exchange.uploaded_ += taken;
  return taken;
}

int CurlExchange::on_rewind(void* self, curl_off_t offset, int origin) {
  // To where it stands already: that is no repetition.
  const bool at_start = origin == SEEK_SET && offset == 0;
  return at_start && static_cast<CurlExchange*>(self)->uploaded_ == 0 ? CURL_SEEKFUNC_OK
                                                                      : CURL_SEEKFUNC_FAIL;
}

bool CurlExchange::may_have_been_received() const {
  long sent = 0;
  curl_easy_getinfo(session_.easy.get(), CURLINFO_REQUEST_SIZE, &sent);
  return sent > 0 || uploaded_ > 0;
}

HttpFailure CurlExchange::failure(Error error) const {
  return {std::move(error), may_have_been_received()};
}

HttpFailure CurlExchange::too_large(const std::string& part, std::size_t bytes_max) const {
  return failure(Error{ErrorCode::too_large,
                       request_.method + " " + request_.target + ": the " + part +
                           " of the response exceeds " + std::to_string(bytes_max) + " bytes",
                       {}});
}

HttpFailure CurlExchange::failure(CURLcode code) const {
  if (header_bytes_ > kHeaderBytesMax) return too_large("header", kHeaderBytesMax);
  if (body_too_large_) return too_large("body", response_bytes_max_);
  const std::string reason = reason_[0] != '\0' ? reason_ : curl_easy_strerror(code);
  return failure(
      Error{meaning_of(code), request_.method + " " + request_.target + ": " + reason, {}});
}

HttpResponse CurlExchange::take_response() {
  CURL* easy = session_.easy.get();
  long request_bytes = 0;
  long header_bytes = 0;
  curl_off_t body_up = 0;
  curl_off_t body_down = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &header_bytes);
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &body_up);
  curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &body_down);
  response_.status = status();
  response_.traffic.bytes_up =
      static_cast<std::uint64_t>(request_bytes) + static_cast<std::uint64_t>(body_up);
  response_.traffic.bytes_down =
      static_cast<std::uint64_t>(header_bytes) + static_cast<std::uint64_t>(body_down);
  return std::move(response_);
}

}  // namespace dialog
