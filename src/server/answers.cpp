#include "answers.hpp"

namespace dialog::server {
namespace {

// About as many as an answer has in the end.
constexpr std::size_t kFields = 10;

Answer with_body(int status, std::string_view media_type, std::string body) {
  Answer answer;
  answer.response.status = status;
  answer.response.headers.reserve(kFields);
  answer.response.headers.add("Content-Type", std::string(media_type));
  answer.response.body = std::move(body);
  return answer;
}

}  // namespace

Answer json_answer(std::string body) {
  return with_body(200, wire::kJsonMediaType, std::move(body));
}

Answer no_content() {
  Answer answer;
  answer.response.status = 204;
  return answer;
}

Answer error_answer(int status, const Error& error) {
  const bool ours = status == 500 || error.code == ErrorCode::storage_full;
  const Error shown = ours ? Error{error.code,
                                   status != 500 ? "no space is left here; reads still work"
                                                 : "the server failed; its log says why",
                                   {}}
                           : error;
  Answer answer = with_body(status, wire::kJsonMediaType, wire::print_error(shown));
  if (ours) answer.fault = error.message;
  if (status == 503 || status == 429) answer.response.headers.add("Retry-After", "1");
  return answer;
}

Answer error_answer(const Error& error) {
  return error_answer(error_row(error.code).http_status, error);
}

Answer store_error_answer(const Error& error) {
  // What the store's own services refuse is a fault of this server, not of whoever asks.
  if (error.code == ErrorCode::corrupt || error.code == ErrorCode::missing_blocks ||
      error.code == ErrorCode::unauthorized || error.code == ErrorCode::not_a_remote ||
      error.code == ErrorCode::unsupported || error.code == ErrorCode::invalid_argument) {
    return error_answer(500, error);
  }
  if (error.code == ErrorCode::cancelled) {
    return error_answer({ErrorCode::unavailable, "the server is stopping", {}});
  }
  return error_answer(error);
}

void add_head_fields(Answer& answer, const HeadRecord& record, wire::EtagStyle style) {
  answer.response.headers.add("ETag", wire::print_etag(record.revision, style));
  answer.response.headers.add(std::string(wire::kSequenceHeader), std::to_string(record.sequence));
}

Answer record_answer(const HeadRecord& record, wire::EtagStyle style) {
  Answer answer = json_answer(wire::print_record(record));
  add_head_fields(answer, record, style);
  return answer;
}

}  // namespace dialog::server
