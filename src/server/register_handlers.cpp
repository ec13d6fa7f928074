#include <algorithm>

#include "handlers.hpp"
#include "metrics.hpp"
#include "watchers.hpp"

namespace dialog::server {
namespace {

Answer bad_request(std::string message) {
  return error_answer(400, {ErrorCode::invalid_argument, std::move(message), {}});
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
                        .time = task.clock.wall(),
                        .author = task.visitor.who,
                        .must_create = asked->must_create};
}

Answer swap_answer(const Task& task, const Register::Swap& swap,
                   const Result<Register::SwapOutcome>& outcome) {
  if (!outcome) return store_error_answer(outcome.error());
  if (const auto* refused = std::get_if<Register::Refused>(&*outcome)) {
    Metrics::add(task.metrics.swaps_refused);
    return refused_answer(task, swap, *refused);
  }
  Metrics::add(task.metrics.swaps_accepted);
  const HeadRecord& record = std::get<Register::Accepted>(*outcome).record;
  task.watchers.tell(task.subject(), record);
  return record_answer(record, task.config.etag_style);
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

Answer get_watch(const Task& task, std::function<bool()> may_go_on) {
  if (task.config.streams_max == 0)
    return error_answer({ErrorCode::not_found, "this server tells no changes", {}});
  std::optional<wire::WatchPosition> last;
  if (const std::string* field = task.request.headers.find(wire::kLastEventIdHeader);
      field != nullptr && !field->empty()) {
    last = wire::parse_watch_position(*field);
    if (!last) return bad_request("Last-Event-ID is no id of an event of this server");
  }
  auto stream = task.watchers.open(task.subject(), last, std::move(may_go_on));
  if (!stream)
    return error_answer({ErrorCode::unavailable, "too many streams at once; try again later", {}});
  // At once, so that a register that cannot be read is told by a status.
  auto first = stream->look(task.context);
  if (first.ended)
    return error_answer({ErrorCode::unavailable, "the register cannot be read now", {}});
  Answer answer;
  answer.response.status = 200;
  answer.response.headers.add("Content-Type", std::string(wire::kEventStreamMediaType));
  // A proxy that waits for more before it passes on what it has would hold events back.
  answer.response.headers.add("X-Accel-Buffering", "no");
  answer.response.body = first.bytes.empty() ? Bytes(stream->heartbeat()) : std::move(first.bytes);
  answer.stream = std::move(stream);
  return answer;
}

}  // namespace dialog::server
