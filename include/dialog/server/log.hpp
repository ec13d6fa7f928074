#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dialog/base/clock.hpp"

namespace dialog::server {

/// One answered request. Holds nothing secret: no credentials, no query, no body.
struct AccessRecord {
  WallTime time{0};
  std::string request_id;  ///< the client got the same as `X-Request-Id`
  std::string address;     ///< the client's, as far as trusted proxies tell it
  std::string method;      ///< empty where the request could not be read
  std::string path;        ///< shortened where it is long
  int status = 0;
  std::uint64_t bytes_in = 0;   ///< of the body
  std::uint64_t bytes_out = 0;  ///< of the body
  std::chrono::microseconds duration{
      0};  ///< from the first byte of the request to the last of the response
  std::string subject;
  std::string who;
  std::string fault;  ///< what failed inside; empty where nothing did
};

enum class Severity { info, warning, error };

/// The seam for what a server tells its operator. Thread-safe; must not block for long.
class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  virtual void request(const AccessRecord& record) = 0;
  /// False where nobody looks at requests, so that nothing is put together for them.
  [[nodiscard]] virtual bool wants_requests() const { return true; }
  /// Something other than a request: started, stopping, tokens read anew. `name` is a fixed word.
  virtual void event(Severity severity, std::string_view name, std::string_view message) = 0;
};

/// The line of a request, as JSON without a line's end.
std::string to_json(const AccessRecord& record);

enum class LogTarget { standard_output, standard_error };

/// Writes JSON lines from a thread of its own. Where the reader of the lines is slow, the oldest
/// ones that are not yet written are dropped rather than requests delayed, and a line tells how
/// many. The destructor writes what is left, and gives up after a second where nobody reads. A
/// process whose reader may go away ignores SIGPIPE. `clock` must outlive the log.
std::unique_ptr<Log> make_json_log(LogTarget target, Clock& clock = system_clock());

/// Tells nobody.
class SilentLog final : public Log {
 public:
  void request(const AccessRecord&) override {}
  [[nodiscard]] bool wants_requests() const override { return false; }
  void event(Severity, std::string_view, std::string_view) override {}
};

}  // namespace dialog::server
