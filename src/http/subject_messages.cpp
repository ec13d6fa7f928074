#include "dialog/http/subject_messages.hpp"

#include <algorithm>
#include <utility>

#include "ascii.hpp"
#include "dialog/http/json.hpp"
#include "record_value.hpp"

namespace dialog::wire {
namespace {

using json::Value;

Value usage_value(const Usage& usage) {
  return Value{{"blocks", usage.blocks}, {"bytes", usage.bytes}};
}

std::optional<Usage> read_usage(const Value& value) {
  const auto blocks = json::number_member(value, "blocks");
  const auto bytes = json::number_member(value, "bytes");
  if (!blocks || !bytes) return std::nullopt;
  return Usage{*blocks, *bytes};
}

Value bound_value(const std::optional<std::uint64_t>& bound) {
  return bound ? Value(*bound) : Value();
}

Value quota_value(const Quota& quota) {
  return Value{{"blocks", bound_value(quota.blocks)}, {"bytes", bound_value(quota.bytes)}};
}

bool read_bound(const Value& object, const char* name, std::optional<std::uint64_t>& bound) {
  const Value* value = json::member(object, name);
  if (value == nullptr) return false;
  bound = json::number_member(object, name);
  return bound || value->is_null();
}

std::optional<Quota> read_quota(const Value& value) {
  Quota quota;
  const bool is_whole = read_bound(value, "blocks", quota.blocks) &&
                        read_bound(value, "bytes", quota.bytes) && value.size() == 2;
  return is_whole ? std::optional(quota) : std::nullopt;
}

Value entry_value(const ServerStore::Entry& entry) {
  return Value{{"id", entry.id.hex()},
               {"did", entry.did.empty() ? Value() : Value(entry.did)},
               {"head", entry.head ? record_value(*entry.head) : Value()},
               {"usage", usage_value(entry.usage)},
               {"quota", entry.quota ? quota_value(*entry.quota) : Value()}};
}

std::optional<ServerStore::Entry> read_entry(const Value& value) {
  const std::string* id = json::string_member(value, "id");
  const auto hash = id ? Hash::from_hex(*id) : std::nullopt;
  const Value* head = json::member(value, "head");
  const Value* usage = json::member(value, "usage");
  const Value* quota = json::member(value, "quota");
  const auto used = usage ? read_usage(*usage) : std::nullopt;
  if (!hash || !used || head == nullptr || quota == nullptr) return std::nullopt;
  ServerStore::Entry entry{*hash, {}, std::nullopt, *used, std::nullopt};
  if (const std::string* did = json::string_member(value, "did")) entry.did = *did;
  if (!head->is_null() && !(entry.head = read_record(*head))) return std::nullopt;
  if (!quota->is_null() && !(entry.quota = read_quota(*quota))) return std::nullopt;
  return entry;
}

}  // namespace

std::string print_usage(const UsageMessage& message) {
  Value body = usage_value(message.usage);
  body["quota"] = quota_value(message.quota);
  return json::print(body);
}

Result<UsageMessage> parse_usage(std::string_view body) {
  const Value value = json::parse(body);
  const auto usage = read_usage(value);
  const Value* quota = json::member(value, "quota");
  const auto bounds = quota ? read_quota(*quota) : std::nullopt;
  if (!usage || !bounds) return fail(ErrorCode::malformed, "the body tells no subject's usage");
  return UsageMessage{*usage, *bounds};
}

std::string print_quota(const Quota& quota) { return json::print(quota_value(quota)); }

Result<Quota> parse_quota(std::string_view body) {
  const Value value = json::parse(body);
  const auto quota = value.is_object() ? read_quota(value) : std::nullopt;
  if (quota) return *quota;
  return fail(ErrorCode::malformed,
              "a quota is {\"blocks\":N,\"bytes\":N}, both of them, each a number or null");
}

std::string print_subjects(const ServerStore::Page& page) {
  Value subjects = Value::array();
  for (const ServerStore::Entry& entry : page.entries) subjects.push_back(entry_value(entry));
  return json::print(Value{{"subjects", std::move(subjects)}, {"complete", page.complete}});
}

Result<ServerStore::Page> parse_subjects(std::string_view body, std::size_t subjects_max) {
  const Value value = json::parse(body);
  const Value* subjects = json::member(value, "subjects");
  const auto complete = json::bool_member(value, "complete");
  if (!subjects || !subjects->is_array() || !complete) {
    return fail(ErrorCode::malformed, "the body is no list of subjects");
  }
  if (subjects->size() > subjects_max) {
    return fail(ErrorCode::too_large, "the list has more subjects than were asked for");
  }
  ServerStore::Page page{{}, *complete};
  for (const Value& element : *subjects) {
    auto entry = read_entry(element);
    if (!entry) return fail(ErrorCode::malformed, "a subject of the list cannot be read");
    if (!page.entries.empty() && !(page.entries.back().id < entry->id)) {
      return fail(ErrorCode::malformed, "the ids of the list do not rise");
    }
    page.entries.push_back(*std::move(entry));
  }
  return page;
}

std::string print_subjects_query(const SubjectsQuery& query) {
  const std::string limit = "limit=" + std::to_string(query.limit);
  return query.after ? "after=" + query.after->hex() + "&" + limit : limit;
}

Result<SubjectsQuery> parse_subjects_query(std::string_view query) {
  SubjectsQuery result;
  bool has_limit = false;
  while (!query.empty()) {
    const auto [name, text] = ascii::take_parameter(query);
    const auto id = Hash::from_hex(text);
    const auto number = ascii::parse_number(text);
    if (name == "after" && id && !result.after) {
      result.after = id;
    } else if (name == "limit" && number && *number > 0 && !has_limit) {
      result.limit = static_cast<std::size_t>(std::min<std::uint64_t>(*number, kSubjectsMax));
      has_limit = true;
    } else {
      return fail(ErrorCode::invalid_argument,
                  "the list takes after=ID and limit=NUMBER, once each");
    }
  }
  return result;
}

}  // namespace dialog::wire
