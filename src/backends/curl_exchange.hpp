#pragma once

#include <cstddef>
#include <curl/curl.h>
#include <memory>
#include <string>

#include "dialog/backends/curl_client.hpp"

namespace dialog {

struct CurlEasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CurlMultiCleanup {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct CurlListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// One easy handle with a multi handle of its own, which keeps its connections between exchanges.
/// For one exchange at a time.
struct CurlSession {
  std::unique_ptr<CURL, CurlEasyCleanup> easy{curl_easy_init()};
  // Declared after the easy handle, hence cleaned up before it; nothing is added to it by then.
  std::unique_ptr<CURLM, CurlMultiCleanup> multi{curl_multi_init()};
};

/// Sends one request over a session and waits for what comes of it.
class CurlExchange {
 public:
  /// All arguments must outlive this object, which is for one single run. `stream` may be null:
  /// then the whole body is a part of the response.
  CurlExchange(CurlSession& session, const CurlClientOptions& options, const HttpRequest& request,
               std::size_t response_bytes_max, const HttpStream* stream = nullptr)
      : session_(session),
        options_(options),
        request_(request),
        response_bytes_max_(response_bytes_max),
        stream_(stream) {}
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;
  ~CurlExchange() = default;

  Result<HttpResponse, HttpFailure> run(const Context& context);

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_upload(char* data, std::size_t size, std::size_t count, void* self);
  static int on_rewind(void* self, curl_off_t offset, int origin);

  Result<HttpResponse, HttpFailure> exchange(const Context& context);
  Result<void> prepare();
  void prepare_method();
  Result<void> prepare_fields();
  bool append_field(const std::string& line);
  Result<CURLcode> wait(const Context& context);
  bool take_header(ByteView line);
  bool take_body(ByteView piece);
  void note_arrival();
  [[nodiscard]] Result<void> check_silence();
  [[nodiscard]] int status() const;
  [[nodiscard]] bool may_have_been_received() const;
  [[nodiscard]] HttpFailure failure(Error error) const;
  [[nodiscard]] HttpFailure failure(CURLcode code) const;
  [[nodiscard]] HttpFailure too_large(const std::string& part, std::size_t bytes_max) const;
  HttpResponse take_response();

  CurlSession& session_;
  const CurlClientOptions& options_;
  const HttpRequest& request_;
  std::size_t response_bytes_max_;
  const HttpStream* stream_;
  std::unique_ptr<curl_slist, CurlListCleanup> fields_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  std::size_t uploaded_ = 0;
  bool body_too_large_ = false;
  bool is_ended_ = false;     // by who takes the stream
  MonotonicTime heard_at_{};  // anything of a stream
  char reason_[CURL_ERROR_SIZE] = {};
};

}  // namespace dialog
