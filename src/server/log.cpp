#include "dialog/server/log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "times.hpp"

namespace dialog::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLinesWaitingMax = 8192;

std::string print(const Json& line) {
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

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

class JsonLog final : public Log {
 public:
  JsonLog(LogTarget target, Clock& clock) : clock_(clock) {
    spdlog::sink_ptr sink;
    if (target == LogTarget::standard_output) {
      sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    }
    logger_ = std::make_shared<spdlog::async_logger>("dialog", std::move(sink), pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_pattern("%v", spdlog::pattern_time_type::utc);
    logger_->flush_on(spdlog::level::info);
  }

  void request(const AccessRecord& record) override { logger_->info("{}", to_json(record)); }

  void event(Severity severity, std::string_view name, std::string_view message) override {
    Json line;
    line["time"] = utc_time(clock_.wall());
    line["level"] = to_string(severity);
    line["event"] = name;
    line["message"] = message;
    logger_->info("{}", print(line));
  }

 private:
  Clock& clock_;
  std::shared_ptr<spdlog::async_logger> logger_;
  // Ends first: its thread writes what is left through the logger.
  std::shared_ptr<spdlog::details::thread_pool> pool_ =
      std::make_shared<spdlog::details::thread_pool>(kLinesWaitingMax, 1);
};

}  // namespace

std::string to_json(const AccessRecord& record) {
  Json line;
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
  return print(line);
}

std::unique_ptr<Log> make_json_log(LogTarget target, Clock& clock) {
  return std::make_unique<JsonLog>(target, clock);
}

}  // namespace dialog::server
