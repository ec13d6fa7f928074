#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "dialog/http/json.hpp"
#include "dialog/http/message.hpp"

/// Requests to etcd's JSON gateway, and its answers: protocol buffers spelled as JSON, in which
/// bytes are Base64 and 64-bit numbers strings.
namespace dialog::etcd {

inline constexpr std::string_view kRangePath = "/v3/kv/range";
inline constexpr std::string_view kTxnPath = "/v3/kv/txn";
inline constexpr std::string_view kAuthenticatePath = "/v3/auth/authenticate";

struct KeyValue {
  Bytes key;
  Bytes value;
};

struct Range {
  std::vector<KeyValue> pairs;
  bool more = false;  ///< there are further ones, beyond the limit
};

/// A linearizable read of one key.
Bytes print_get(ByteView key);
/// A linearizable read of the keys in [first, end), in their order.
Bytes print_range(ByteView first, ByteView end, std::size_t limit);
/// Absent where it is no answer to a read.
std::optional<Range> parse_range(const json::Value& answer);

/// One change on one condition.
struct Transaction {
  /// What the first key of `puts` must hold; absent: it must not exist.
  std::optional<Bytes> expected;
  std::vector<KeyValue> puts;
  /// The keys in [first, second) go; absent: none.
  std::optional<std::pair<Bytes, Bytes>> removed;
};

/// Where the condition does not hold, nothing changes, and the answer shows the keys of `puts`.
Bytes print_transaction(const Transaction& transaction);

struct TransactionAnswer {
  bool succeeded = false;
  /// Where it did not succeed: what the keys of `puts` hold.
  std::vector<std::optional<Bytes>> shown;
};
/// Absent where it is no answer to a transaction with so many puts.
std::optional<TransactionAnswer> parse_transaction(const json::Value& answer, std::size_t puts);

Bytes print_authenticate(std::string_view user, std::string_view password);

/// What became of a request that changes something, where its answer does not say that it
/// succeeded.
enum class Effect : std::uint8_t {
  none,    ///< certainly none
  unsaid,  ///< it was carried out or refused; the answer leaves open which
  open,    ///< it may have been carried out, or be yet
};

/// What can be done about an answer that is no success.
enum class Remedy : std::uint8_t {
  none,          ///< nothing: every member would say the same
  other_member,  ///< ask another member
  later,         ///< ask another member, and all of them again after a pause
  new_token,     ///< authenticate, then ask again
};

struct Refusal {
  Error error;
  Remedy remedy = Remedy::none;
  Effect effect = Effect::none;
  /// The cluster asks nobody who he is.
  bool needs_no_token = false;
};

/// Judges an answer whose status is not 200. The message repeats what etcd said.
Refusal judge_refusal(const HttpResponse& response, std::string_view member);

}  // namespace dialog::etcd
