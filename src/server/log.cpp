#include "dialog/server/log.hpp"

#include <unistd.h>
#include <utility>

#include "dialog/http/json.hpp"
#include "line_writer.hpp"
#include "times.hpp"

namespace dialog::server {
namespace {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

// One object, put together as it is printed: a server writes one with each request.
class JsonLine {
 public:
  JsonLine() { line_.reserve(kLineBytes); }
  void text(std::string_view name, std::string_view value) {
    begin(name);
    json::append_string(line_, value);
  }
  template <class Number>
  void number(std::string_view name, Number value) {
    begin(name);
    line_.append(std::to_string(value));
  }
  [[nodiscard]] std::string take() {
    line_ += '}';
    return std::move(line_);
  }

 private:
  static constexpr std::size_t kLineBytes = 512;  // about as many as most have

  void begin(std::string_view name) {
    line_.append(line_.empty() ? "{\"" : ",\"", 2).append(name).append("\":", 2);
  }
  std::string line_;
};

std::string event_line(Clock& clock, Severity severity, std::string_view name,
                       std::string_view message) {
  JsonLine line;
  line.text("time", utc_time(clock.wall()));
  line.text("level", to_string(severity));
  line.text("event", name);
  line.text("message", message);
  return line.take();
}

class JsonLog final : public Log {
 public:
  JsonLog(LogTarget target, Clock& clock)
      : clock_(clock),
        writer_(target == LogTarget::standard_output ? STDOUT_FILENO : STDERR_FILENO,
                {.dropped_line = [&clock](std::uint64_t count) {
                  return event_line(clock, Severity::warning, "lines_dropped",
                                    std::to_string(count) +
                                        " lines of this log, whose reader was too slow for them");
                }}) {}

  void request(const AccessRecord& record) override { writer_.write(to_json(record)); }

  void event(Severity severity, std::string_view name, std::string_view message) override {
    writer_.write(event_line(clock_, severity, name, message));
  }

 private:
  Clock& clock_;
  LineWriter writer_;
};

}  // namespace

std::string to_json(const AccessRecord& record) {
  JsonLine line;
  line.text("time", utc_time(record.time));
  line.text("level", record.fault.empty() ? "info" : "error");
  line.text("id", record.request_id);
  line.text("address", record.address);
  line.text("method", record.method);
  line.text("path", record.path);
  line.number("status", record.status);
  line.number("bytes_in", record.bytes_in);
  line.number("bytes_out", record.bytes_out);
  line.number("micros", record.duration.count());
  if (!record.subject.empty()) line.text("subject", record.subject);
  if (!record.who.empty()) line.text("who", record.who);
  if (!record.fault.empty()) line.text("fault", record.fault);
  return line.take();
}

std::unique_ptr<Log> make_json_log(LogTarget target, Clock& clock) {
  return std::make_unique<JsonLog>(target, clock);
}

}  // namespace dialog::server
