#include "dialog/server/log.hpp"

#include <unistd.h>

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

std::string event_line(Clock& clock, Severity severity, std::string_view name,
                       std::string_view message) {
  json::Value line;
  line["time"] = utc_time(clock.wall());
  line["level"] = to_string(severity);
  line["event"] = name;
  line["message"] = message;
  return json::print(line);
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
  json::Value line;
  line["time"] = utc_time(record.time);
  line["level"] = record.fault.empty() ? "info" : "error";
  line["id"] = record.request_id;
  line["address"] = record.address;
  line["method"] = record.method;
  line["path"] = record.path;
  line["status"] = record.status;
  line["bytes_in"] = record.bytes_in;
  line["bytes_out"] = record.bytes_out;
  line["micros"] = record.duration.count();
  if (!record.subject.empty()) line["subject"] = record.subject;
  if (!record.who.empty()) line["who"] = record.who;
  if (!record.fault.empty()) line["fault"] = record.fault;
  return json::print(line);
}

std::unique_ptr<Log> make_json_log(LogTarget target, Clock& clock) {
  return std::make_unique<JsonLog>(target, clock);
}

}  // namespace dialog::server
