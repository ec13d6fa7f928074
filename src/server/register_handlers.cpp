#include <algorithm>

#include "handlers.hpp"
#include "openapi.hpp"

namespace dialog::server {
namespace {

Answer bad_request(std::string message) {
  return error_answer(400, {ErrorCode::invalid_argument, std::move(message), {}});
}

Answer unwell(const std::string& what, const Error& cause) {
  Answer answer =
      error_answer(503, {ErrorCode::unavailable, what + "; the server's log says why", {}});
  answer.fault = cause.message;
  return answer;
}

Answer never_published(const Subject& subject) {
  return error_answer(
      {ErrorCode::not_found, "nothing was ever published under " + subject.did(), {}});
}

Answer refused_answer(const Task& task, const Register::Swap& asked,
                      const Register::Refused& refused) {
  if (!refused.actual) return never_published(task.subject());
  wire::Mismatch mismatch;
  if (!asked.must_create) mismatch.expected = asked.expected;
  mismatch.actual = refused.actual->revision;
  Answer answer = json_answer(wire::print_mismatch(mismatch));
  answer.response.status = 412;
  add_head_fields(answer, *refused.actual, task.config.etag_style);
  return answer;
}

}  // namespace

std::optional<Answer> judge_media_type(const HttpRequest& head, std::string_view expected) {
  const std::string* given = head.headers.find("Content-Type");
  if (given != nullptr && wire::is_media_type(*given, expected)) return {};
  return bad_request("the Content-Type must be " + std::string(expected));
}

Result<Precondition, Answer> parse_precondition(const HttpRequest& head) {
  const std::string* if_match = head.headers.find("If-Match");
  const std::string* if_none_match = head.headers.find("If-None-Match");
  if (if_match == nullptr && if_none_match == nullptr) {
    return fail(error_answer(
        428, {ErrorCode::invalid_argument,
              "If-Match with the expected revision is missing (64 zeros, or If-None-Match: *, "
              "to create the record)",
              {}}));
  }
  if (if_match != nullptr && if_none_match != nullptr) {
    return fail(bad_request("If-Match and If-None-Match exclude each other"));
  }
  Precondition precondition;
  if (if_none_match != nullptr) {
    if (*if_none_match != "*") return fail(bad_request("If-None-Match may only be *"));
    precondition.must_create = true;
    return precondition;
  }
  const auto expected = wire::parse_if_match(*if_match);
  if (!expected) {
    return fail(bad_request(
        "If-Match must be one revision: 64 hex digits, bare or quoted, no weak tag, no *"));
  }
  precondition.expected = *expected;
  return precondition;
}

Answer get_capabilities(const Task& task) {
  wire::Capabilities capabilities;
  capabilities.archive = true;
  capabilities.history = true;
  capabilities.signatures = task.config.signatures;
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

Answer get_head(const Task& task) {
  const auto record = task.store.head_register().read(task.subject(), task.context);
  if (!record) return store_error_answer(record.error());
  if (!*record) return never_published(task.subject());
  return record_answer(**record, task.config.etag_style);
}

Result<Register::Swap, Answer> read_swap(const Task& task) {
  auto asked = parse_precondition(task.request);
  if (!asked) return fail(std::move(asked).error());
  const auto message = wire::parse_swap(task.request.body);
  if (!message) return fail(error_answer(message.error()));
  if (message->subject != task.subject().did())
    return fail(bad_request("\"sub\" is not the DID of the URL"));
  if (message->origin && *message->origin != asked->expected) {
    return fail(bad_request("\"origin\" and the precondition name different revisions"));
  }
  // Whoever the body claims to be ("iss") is not who was authenticated, and stays off the record.
  return Register::Swap{.expected = asked->expected,
                        .desired = message->revision,
                        .time = task.time,
                        .author = task.visitor.who,
                        .must_create = asked->must_create};
}

Answer swap_answer(const Task& task, const Register::Swap& swap,
                   const Result<Register::SwapOutcome>& outcome) {
  if (!outcome) return store_error_answer(outcome.error());
  if (const auto* refused = std::get_if<Register::Refused>(&*outcome)) {
    return refused_answer(task, swap, *refused);
  }
  return record_answer(std::get<Register::Accepted>(*outcome).record, task.config.etag_style);
}

Answer put_head(const Task& task) {
  const auto swap = read_swap(task);
  if (!swap) return swap.error();
  return swap_answer(task, *swap,
                     task.store.head_register().swap(task.subject(), *swap, task.context));
}

Answer get_log(const Task& task) {
  auto query = wire::parse_log_query(task.route.query);
  if (!query) return error_answer(query.error());
  const auto newest = task.store.head_register().read(task.subject(), task.context);
  if (!newest) return store_error_answer(newest.error());
  if (!*newest) return never_published(task.subject());
  const std::size_t limit = std::min(query->limit, task.config.log_records_max);
  const auto history =
      task.store.head_register().history(task.subject(), query->after, limit, task.context);
  if (!history) return store_error_answer(history.error());
  return json_answer(wire::print_history(*history));
}

}  // namespace dialog::server
