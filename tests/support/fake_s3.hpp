#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/cloud/s3_config.hpp"
#include "dialog/http/http_client.hpp"

namespace dialog::test {

/// What happens to one request.
enum class S3Fault : std::uint8_t {
  none,
  unsent,        ///< the connection is refused: not a byte arrives
  lost_request,  ///< the connection breaks before anything happens; the sender cannot tell
  lost_answer,   ///< it takes effect, but its answer does not arrive
  late,       ///< the sender hears nothing; it takes effect just before the request after the next
  slow_down,  ///< 503 SlowDown, without effect
  failed_after,   ///< 500 InternalError, though it took effect
  failed_before,  ///< 500 InternalError, without effect
  conflict,       ///< 409: another conditional write is at work; without effect
  damaged,        ///< the body of the answer is another one
};

/// A stand-in for an object store, stricter than real ones: it checks every signature, the time in
/// it, the hash of the body, how the URL is encoded, and every precondition, and refuses whatever
/// it does not know. Entity tags depend on nothing but the content. Thread-safe. Knows one bucket,
/// `bucket`, by path style at `http://127.0.0.1:9000`.
class FakeS3 final : public HttpClient {
 public:
  explicit FakeS3(Clock& clock) : clock_(clock) {}

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override;

  /// What a client needs to get in.
  [[nodiscard]] S3Config config() const;

  /// The next requests meet these, one each.
  void plan(std::vector<S3Fault> faults);
  /// Called with each request before it is handled; what it gives happens to it. After the plan.
  void on_request(std::function<S3Fault(const HttpRequest&)> choose);

  /// Requests so far, by method or all.
  [[nodiscard]] std::uint64_t requests() const;
  [[nodiscard]] std::vector<std::string> log() const;
  void clear_log();

  /// What lies there, by key.
  [[nodiscard]] std::map<std::string, Bytes> objects() const;
  void set_object(const std::string& key, Bytes body);
  void remove_object(const std::string& key);

  /// What a careless store leaves out.
  bool ignores_if_match = false;
  bool ignores_if_none_match = false;
  bool creates_where_if_match_meets_nothing = false;
  bool ignores_start_after = false;
  bool may_delete = true;
  /// Names in one answer, at most.
  std::size_t list_max = 1000;
  bool has_bucket = true;

 private:
  HttpResponse handle(const HttpRequest& request);
  [[nodiscard]] HttpResponse list(const std::string& query) const;
  HttpResponse put(const HttpRequest& request, const std::string& key);
  HttpResponse get(const HttpRequest& request, const std::string& key);
  [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& request) const;

  Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Bytes> objects_;
  std::deque<S3Fault> plan_;
  std::function<S3Fault(const HttpRequest&)> choose_;
  std::deque<std::pair<int, HttpRequest>> late_;
  std::vector<std::string> log_;
};

}  // namespace dialog::test
