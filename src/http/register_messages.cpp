#include "dialog/http/register_messages.hpp"

#include <algorithm>
#include <array>

#include "ascii.hpp"
#include "dialog/http/json.hpp"
#include "record_value.hpp"

namespace dialog::wire {
namespace {

using json::Value;

constexpr const char* kAssertCommand = "/state/assert";

ErrorCode code_named(std::string_view name) {
  const auto table = error_table();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const ErrorRow& r) { return r.name == name; });
  return row == table.end() ? ErrorCode::internal : row->code;
}

struct Feature {
  const char* name;
  bool Capabilities::* flag;
};
constexpr std::array kFeatures{
    Feature{"archive", &Capabilities::archive}, Feature{"history", &Capabilities::history},
    Feature{"deltas", &Capabilities::deltas}, Feature{"watch", &Capabilities::watch},
    Feature{"signatures", &Capabilities::signatures}};

struct Limit {
  const char* name;
  std::size_t Capabilities::* bound;
};
constexpr std::array kLimits{Limit{"block_bytes_max", &Capabilities::block_bytes_max},
                             Limit{"batch_hashes_max", &Capabilities::batch_hashes_max},
                             Limit{"batch_bytes_max", &Capabilities::batch_bytes_max}};
constexpr std::uint64_t kLimitMax = std::uint64_t{1} << 31U;

}  // namespace

Value record_value(const HeadRecord& record) {
  return Value{{"revision", record.revision.hex()},
               {"previous", record.previous.hex()},
               {"sequence", record.sequence},
               {"time_ms", record.time.count()},
               {"author", record.author}};
}

std::optional<HeadRecord> read_record(const Value& value) {
  const auto revision = json::revision_member(value, "revision");
  const auto previous = json::revision_member(value, "previous");
  const auto sequence = json::number_member(value, "sequence");
  if (!revision || !previous || !sequence) return std::nullopt;
  HeadRecord record{*revision, *previous, *sequence, WallTime{0}, {}};
  const Value* time = json::member(value, "time_ms");
  if (time && time->is_number_integer()) record.time = WallTime{time->get<std::int64_t>()};
  if (const std::string* author = json::string_member(value, "author")) {
    if (author->size() > kAuthorBytesMax) return std::nullopt;
    record.author = *author;
  }
  return record;
}

std::string print_swap(const SwapMessage& message) {
  Value body{{"iss", message.issuer},
             {"sub", message.subject},
             {"cmd", kAssertCommand},
             {"args", Value{{"revision", message.revision.hex()}}}};
  if (message.origin) body["origin"] = message.origin->hex();
  return json::print(body);
}

Result<SwapMessage> parse_swap(std::string_view body) {
  const Value value = json::parse(body);
  if (!value.is_object()) return fail(ErrorCode::malformed, "the body is no JSON object");
  const std::string* command = json::string_member(value, "cmd");
  if (!command || *command != kAssertCommand) {
    return fail(ErrorCode::malformed, "cmd must be \"/state/assert\"");
  }
  const std::string* subject = json::string_member(value, "sub");
  if (!subject) return fail(ErrorCode::malformed, "sub must be the DID of the URL");
  const Value* arguments = json::member(value, "args");
  const auto revision = arguments ? json::revision_member(*arguments, "revision") : std::nullopt;
  if (!revision) return fail(ErrorCode::malformed, "args.revision must be 64 hex digits");

  SwapMessage message{{}, *subject, *revision, std::nullopt};
  if (const std::string* issuer = json::string_member(value, "iss")) message.issuer = *issuer;
  const Value* origin = json::member(value, "origin");
  if (origin && !origin->is_null()) {
    message.origin = json::revision_member(value, "origin");
    if (!message.origin) return fail(ErrorCode::malformed, "origin must be 64 hex digits");
  }
  return message;
}

// Each answer of a register holds one, so it is not put together as a tree first.
std::string print_record(const HeadRecord& record) {
  std::string text;
  text.reserve(224 + record.author.size());
  text.append(R"({"revision":")");
  append_hex(text, record.revision.root().bytes());
  text.append(R"(","previous":")");
  append_hex(text, record.previous.root().bytes());
  text.append(R"(","sequence":)").append(std::to_string(record.sequence));
  text.append(R"(,"time_ms":)").append(std::to_string(record.time.count()));
  text.append(R"(,"author":)");
  json::append_string(text, record.author);
  return text.append("}");
}

Result<HeadRecord> parse_record(std::string_view body) {
  auto record = read_record(json::parse(body));
  if (!record) return fail(ErrorCode::malformed, "the body is no record of a register");
  return *std::move(record);
}

std::string print_history(const HeadHistory& history) {
  Value records = Value::array();
  for (const HeadRecord& record : history.records) records.push_back(record_value(record));
  return json::print(Value{{"records", std::move(records)}, {"complete", history.complete}});
}

Result<HeadHistory> parse_history(std::string_view body, std::size_t records_max) {
  const Value value = json::parse(body);
  const Value* records = json::member(value, "records");
  const auto complete = json::bool_member(value, "complete");
  if (!records || !records->is_array() || !complete) {
    return fail(ErrorCode::malformed, "the body is no history of a register");
  }
  if (records->size() > records_max) {
    return fail(ErrorCode::too_large, "the history has " + std::to_string(records->size()) +
                                          " records; at most " + std::to_string(records_max) +
                                          " were asked for");
  }
  HeadHistory history{{}, *complete};
  history.records.reserve(records->size());
  for (const Value& element : *records) {
    auto record = read_record(element);
    if (!record) return fail(ErrorCode::malformed, "a record of the history cannot be read");
    if (!history.records.empty() && record->sequence <= history.records.back().sequence) {
      return fail(ErrorCode::malformed, "the sequence numbers of the history do not rise");
    }
    history.records.push_back(*std::move(record));
  }
  return history;
}

std::string print_log_query(const LogQuery& query) {
  return "after=" + std::to_string(query.after) + "&limit=" + std::to_string(query.limit);
}

Result<LogQuery> parse_log_query(std::string_view query) {
  LogQuery result;
  bool has_after = false;
  bool has_limit = false;
  while (!query.empty()) {
    const auto [name, text] = ascii::take_parameter(query);
    const auto number = ascii::parse_number(text);
    if (name == "after" && number && !has_after) {
      result.after = *number;
      has_after = true;
    } else if (name == "limit" && number && *number > 0 && !has_limit) {
      result.limit = static_cast<std::size_t>(std::min<std::uint64_t>(*number, kLogRecordsMax));
      has_limit = true;
    } else {
      return fail(ErrorCode::invalid_argument,
                  "the log takes after=NUMBER and limit=NUMBER, once each");
    }
  }
  return result;
}

std::string print_error(const Error& error) {
  return json::print(Value{{"error", Value{{"code", std::string(error_row(error.code).name)},
                                           {"message", error.message}}}});
}

std::optional<Error> parse_error(std::string_view body) {
  const Value value = json::parse(body);
  const Value* error = json::member(value, "error");
  const std::string* code = error ? json::string_member(*error, "code") : nullptr;
  if (!code) return std::nullopt;
  const std::string* message = json::string_member(*error, "message");
  return Error{code_named(*code), message ? *message : std::string(), {}};
}

std::string print_mismatch(const Mismatch& mismatch) {
  Value error{{"code", std::string(error_row(ErrorCode::conflict).name)},
              {"message", "another writer updated first"}};
  error["expected"] = mismatch.expected ? Value(mismatch.expected->hex()) : Value();
  error["actual"] = mismatch.actual ? Value(mismatch.actual->hex()) : Value();
  return json::print(Value{{"error", std::move(error)}});
}

std::optional<Mismatch> parse_mismatch(std::string_view body) {
  const Value value = json::parse(body);
  const Value* error = json::member(value, "error");
  if (!error || !json::member(*error, "actual")) return std::nullopt;
  return Mismatch{json::revision_member(*error, "expected"),
                  json::revision_member(*error, "actual")};
}

std::string print_capabilities(const Capabilities& capabilities) {
  Value features = Value::array();
  for (const Feature& feature : kFeatures) {
    if (capabilities.*feature.flag) features.push_back(feature.name);
  }
  Value limits = Value::object();
  for (const Limit& limit : kLimits) limits[limit.name] = capabilities.*limit.bound;
  return json::print(Value{{"protocol", "dialog-remote"},
                           {"version", capabilities.version},
                           {"features", std::move(features)},
                           {"limits", std::move(limits)}});
}

Result<Capabilities> parse_capabilities(std::string_view body) {
  const Value value = json::parse(body);
  const std::string* protocol = json::string_member(value, "protocol");
  const auto version = json::number_member(value, "version");
  if (!protocol || *protocol != "dialog-remote" || !version) {
    return fail(ErrorCode::not_a_remote,
                "the endpoint does not say that it is a remote of this protocol");
  }
  Capabilities capabilities;
  if (*version != capabilities.version) {
    return fail(ErrorCode::unsupported, "the remote speaks version " + std::to_string(*version) +
                                            " of the protocol, this program version 1");
  }
  if (const Value* features = json::member(value, "features"); features && features->is_array()) {
    for (const Feature& feature : kFeatures) {
      capabilities.*feature.flag =
          std::any_of(features->begin(), features->end(),
                      [&](const Value& name) { return name.is_string() && name == feature.name; });
    }
  }
  if (const Value* limits = json::member(value, "limits")) {
    for (const Limit& limit : kLimits) {
      const auto bound = json::number_member(*limits, limit.name);
      if (bound && *bound > 0 && *bound < kLimitMax)
        capabilities.*limit.bound = static_cast<std::size_t>(*bound);
    }
  }
  return capabilities;
}

}  // namespace dialog::wire
