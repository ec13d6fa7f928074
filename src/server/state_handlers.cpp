#include "handlers.hpp"
#include "metrics.hpp"
#include "openapi.hpp"

/// What the server tells of itself.
namespace dialog::server {
namespace {

Answer unwell(const std::string& what, const Error& cause) {
  Answer answer =
      error_answer(503, {ErrorCode::unavailable, what + "; the server's log says why", {}});
  answer.fault = cause.message;
  return answer;
}

}  // namespace

Answer get_capabilities(const Task& task) {
  wire::Capabilities capabilities;
  capabilities.archive = true;
  capabilities.history = true;
  capabilities.signatures = task.config.signatures;
  capabilities.watch = task.config.streams_max > 0;
  capabilities.block_bytes_max = task.config.block_bytes_max;
  capabilities.batch_hashes_max = task.config.batch_hashes_max;
  capabilities.batch_bytes_max = task.config.batch_bytes_max;
  return json_answer(wire::print_capabilities(capabilities));
}

Answer get_description(const Task& /*task*/) { return json_answer(std::string(kOpenApi)); }

Answer get_health(const Task& task) {
  if (const auto writable = task.store.check_writable(); !writable) {
    return unwell("nothing can be written until the server is started again", writable.error());
  }
  const auto probe = Subject::parse("did:web:health.invalid");
  if (!probe) return error_answer({ErrorCode::internal, probe.error().message, {}});
  const auto record = task.store.head_register().read(*probe, task.context);
  if (!record) return unwell("the register cannot be read", record.error());
  return json_answer(R"({"status":"ok"})");
}

Answer get_readiness(const Task& task) {
  if (task.draining) {
    return error_answer(503, {ErrorCode::unavailable, "the server is about to stop", {}});
  }
  return get_health(task);
}

Answer get_metrics(const Task& task) {
  Metrics::State state;
  state.writable = task.store.check_writable().has_value();
  state.watched = task.watchers.usage();
  state.ready = get_readiness(task).response.status == 200;
  Answer answer;
  answer.response.status = 200;
  answer.response.headers.add("Content-Type", std::string(kMetricsMediaType));
  answer.response.body = task.metrics.print(state);
  return answer;
}

}  // namespace dialog::server
