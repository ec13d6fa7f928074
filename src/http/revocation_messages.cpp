#include "dialog/http/revocation_messages.hpp"

#include "dialog/http/json.hpp"

namespace dialog::wire {
namespace {

using json::Value;

Value to_json(const Revocation& revocation) {
  return Value{{"id", revocation.capability.hex()}, {"expires", revocation.expires.count()}};
}

std::optional<Revocation> from_json(const Value& value) {
  const std::string* text = json::string_member(value, "id");
  const auto id = text != nullptr ? Hash::from_hex(*text) : std::nullopt;
  const auto expires = json::number_member(value, "expires");
  constexpr std::uint64_t kTimeMax = 253'402'300'799;
  if (!id || !expires || *expires > kTimeMax) return std::nullopt;
  return Revocation{*id, std::chrono::seconds(static_cast<std::int64_t>(*expires))};
}

}  // namespace

std::string print_revoke(const RevokeMessage& message) {
  Value body = Value::object();
  if (message.capability) body["capability"] = *message.capability;
  if (message.id) body["id"] = message.id->hex();
  return json::print(body);
}

Result<RevokeMessage> parse_revoke(std::string_view body) {
  const Value value = json::parse(body);
  const std::string* capability = json::string_member(value, "capability");
  const std::string* id = json::string_member(value, "id");
  RevokeMessage message;
  if (capability != nullptr) message.capability = *capability;
  if (id != nullptr) message.id = Hash::from_hex(*id);
  if ((capability != nullptr) == (id != nullptr) || (id != nullptr && !message.id)) {
    return fail(ErrorCode::malformed,
                "the body must be a JSON object with \"capability\" as base64 or \"id\" as 64 hex "
                "digits");
  }
  return message;
}

std::string print_revocation(const Revocation& revocation) {
  return json::print(to_json(revocation));
}

Result<Revocation> parse_revocation(std::string_view body) {
  const auto revocation = from_json(json::parse(body));
  if (!revocation) return fail(ErrorCode::malformed, "the answer is no revocation");
  return *revocation;
}

std::string print_revocation_list(const std::vector<Revocation>& revocations) {
  Value list = Value::array();
  for (const Revocation& revocation : revocations) list.push_back(to_json(revocation));
  return json::print(Value{{"revocations", std::move(list)}});
}

Result<std::vector<Revocation>> parse_revocation_list(std::string_view body) {
  const auto bad = [] {
    return fail(ErrorCode::malformed, "the answer is no list of revocations");
  };
  const Value value = json::parse(body);
  const Value* list = json::member(value, "revocations");
  if (list == nullptr || !list->is_array()) return bad();
  if (list->size() > kRevocationsMax)
    return fail(ErrorCode::too_large, "the answer lists too many revocations");
  std::vector<Revocation> revocations;
  for (const Value& entry : *list) {
    const auto revocation = from_json(entry);
    if (!revocation) return bad();
    revocations.push_back(*revocation);
  }
  return revocations;
}

}  // namespace dialog::wire
