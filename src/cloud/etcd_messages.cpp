#include "etcd_messages.hpp"

#include <string>

#include "dialog/http/repeat.hpp"

namespace dialog::etcd {
namespace {

using json::Value;

// Codes of gRPC, which the gateway repeats in the body of every refusal.
constexpr std::uint64_t kUnknown = 2;
constexpr std::uint64_t kInvalidArgument = 3;
constexpr std::uint64_t kNotFound = 5;
constexpr std::uint64_t kPermissionDenied = 7;
constexpr std::uint64_t kResourceExhausted = 8;
constexpr std::uint64_t kFailedPrecondition = 9;
constexpr std::uint64_t kUnimplemented = 12;
constexpr std::uint64_t kDataLoss = 15;
constexpr std::uint64_t kUnauthenticated = 16;

Value get_of(ByteView key) { return Value{{"key", to_base64(key)}}; }

std::optional<Bytes> bytes_member(const Value& object, const char* name) {
  const std::string* text = json::string_member(object, name);
  // Empty bytes are left out.
  return text ? from_base64(*text) : Bytes();
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Refusal refusal(ErrorCode code, std::string message, Remedy remedy, Effect effect) {
  return {Error{code, std::move(message), {}}, remedy, effect};
}

Refusal judge_status(int status, std::string_view body, std::string message) {
  if (status == 400 && contains(body, "CommonName")) {
    return refusal(ErrorCode::unauthorized,
                   std::move(message) +
                       ": where etcd has users, its gateway takes no client certificate that has a "
                       "common name; show one without",
                   Remedy::none, Effect::none);
  }
  if (status == 404) {
    return refusal(ErrorCode::not_a_remote,
                   std::move(message) +
                       "; this is no etcd 3.4 or newer with its JSON gateway: check the address",
                   Remedy::other_member, Effect::none);
  }
  if (status == 408 || status == 429 || status >= 500) {
    return refusal(ErrorCode::unavailable, std::move(message), Remedy::later, Effect::open);
  }
  return refusal(ErrorCode::not_a_remote,
                 std::move(message) + "; this does not look like etcd: check the address",
                 Remedy::other_member, Effect::open);
}

Refusal judge_invalid(std::string_view said, std::string message) {
  // After a change of users or roles, and where authentication was turned on meanwhile.
  if (contains(said, "revision of auth store is old") || contains(said, "user name is empty")) {
    return refusal(ErrorCode::unauthorized, std::move(message), Remedy::new_token, Effect::none);
  }
  if (contains(said, "authentication failed")) {
    return refusal(ErrorCode::unauthorized, std::move(message), Remedy::none, Effect::none);
  }
  if (contains(said, "request is too large")) {
    return refusal(ErrorCode::too_large, std::move(message), Remedy::none, Effect::none);
  }
  return refusal(ErrorCode::unsupported, std::move(message), Remedy::none, Effect::none);
}

Refusal judge_code(std::uint64_t code, std::string_view said, std::string message) {
  switch (code) {
    case kInvalidArgument:
      return judge_invalid(said, std::move(message));
    case kUnauthenticated:
      return refusal(ErrorCode::unauthorized, std::move(message), Remedy::new_token, Effect::none);
    case kPermissionDenied:
      return refusal(ErrorCode::unauthorized, std::move(message), Remedy::none, Effect::none);
    case kResourceExhausted:
      // etcd may say so of a transaction that it has just carried out.
      if (contains(said, "space exceeded")) {
        return refusal(ErrorCode::storage_full, std::move(message), Remedy::none, Effect::unsaid);
      }
      return refusal(ErrorCode::unavailable, std::move(message), Remedy::later, Effect::none);
    case kFailedPrecondition: {
      Refusal judged =
          refusal(ErrorCode::unsupported, std::move(message), Remedy::none, Effect::none);
      judged.needs_no_token = contains(said, "authentication is not enabled");
      return judged;
    }
    case kNotFound:
    case kUnimplemented:
      return refusal(ErrorCode::unsupported, std::move(message), Remedy::other_member,
                     Effect::none);
    case kDataLoss:
      return refusal(ErrorCode::storage_failed, std::move(message), Remedy::other_member,
                     Effect::open);
    case kUnknown:
      if (contains(said, "revision in header is old")) {
        return refusal(ErrorCode::unauthorized, std::move(message), Remedy::new_token,
                       Effect::none);
      }
      break;
    default:
      break;
  }
  return refusal(ErrorCode::unavailable, std::move(message), Remedy::later, Effect::open);
}

}  // namespace

Bytes print_get(ByteView key) { return json::print(get_of(key)); }

Bytes print_range(ByteView first, ByteView end, std::size_t limit) {
  Value request = get_of(first);
  request["range_end"] = to_base64(end);
  request["limit"] = std::to_string(limit);
  return json::print(request);
}

std::optional<Range> parse_range(const Value& answer) {
  if (!answer.is_object()) return std::nullopt;
  Range range;
  range.more = json::bool_member(answer, "more").value_or(false);
  const Value* pairs = json::member(answer, "kvs");
  if (!pairs) return range;
  if (!pairs->is_array()) return std::nullopt;
  for (const Value& pair : *pairs) {
    auto key = bytes_member(pair, "key");
    auto value = bytes_member(pair, "value");
    if (!key || key->empty() || !value) return std::nullopt;
    range.pairs.push_back({*std::move(key), *std::move(value)});
  }
  return range;
}

Bytes print_transaction(const Transaction& transaction) {
  const std::string condition = to_base64(transaction.puts.front().key);
  Value compare{{"key", condition}, {"result", "EQUAL"}};
  if (transaction.expected) {
    compare["target"] = "VALUE";
    compare["value"] = to_base64(*transaction.expected);
  } else {
    compare["target"] = "CREATE";
    compare["create_revision"] = "0";
  }
  Value success = Value::array();
  Value failure = Value::array();
  for (const KeyValue& put : transaction.puts) {
    const std::string key = to_base64(put.key);
    success.push_back({{"request_put", {{"key", key}, {"value", to_base64(put.value)}}}});
    failure.push_back({{"request_range", get_of(put.key)}});
  }
  if (transaction.removed) {
    success.push_back({{"request_delete_range",
                        {{"key", to_base64(transaction.removed->first)},
                         {"range_end", to_base64(transaction.removed->second)}}}});
  }
  return json::print({{"compare", Value::array({std::move(compare)})},
                      {"success", std::move(success)},
                      {"failure", std::move(failure)}});
}

std::optional<TransactionAnswer> parse_transaction(const Value& answer, std::size_t puts) {
  TransactionAnswer result;
  result.succeeded = json::bool_member(answer, "succeeded").value_or(false);
  const Value* responses = json::member(answer, "responses");
  if (!responses || !responses->is_array()) return std::nullopt;
  if (result.succeeded) return result;
  if (responses->size() != puts) return std::nullopt;
  for (const Value& response : *responses) {
    const Value* read = json::member(response, "response_range");
    auto range = read ? parse_range(*read) : std::nullopt;
    if (!range || range->pairs.size() > 1) return std::nullopt;
    result.shown.push_back(range->pairs.empty()
                               ? std::nullopt
                               : std::optional<Bytes>(std::move(range->pairs.front().value)));
  }
  return result;
}

Bytes print_authenticate(std::string_view user, std::string_view password) {
  return json::print({{"name", std::string(user)}, {"password", std::string(password)}});
}

Refusal judge_refusal(const HttpResponse& response, std::string_view member) {
  std::string message = std::string(member) + " answers " + std::to_string(response.status);
  const Value body = json::parse(response.body);
  const auto code = json::number_member(body, "code");
  const std::string* text = json::string_member(body, "message");
  if (text == nullptr) text = json::string_member(body, "error");
  const std::string said = text ? printable(*text) : std::string();
  if (!said.empty()) message += ": " + said;
  return code ? judge_code(*code, said, std::move(message))
              : judge_status(response.status, response.body, std::move(message));
}

}  // namespace dialog::etcd
