#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/value.hpp"

namespace dialog {

/// How two sides changed one key differently.
enum class ConflictKind : std::uint8_t {
  both_updated,   ///< to different values
  both_added,     ///< with different values
  update_delete,  ///< updated locally, deleted remotely
  delete_update,  ///< deleted locally, updated remotely
};

/// One key that both sides changed since `base`, and not to the same. Valid during a call only.
struct Conflict {
  ConflictKind kind;
  ByteView key;
  std::optional<ValueView> base;
  std::optional<ValueView> local;
  std::optional<ValueView> remote;
};

/// What becomes of a key in conflict.
struct Resolution {
  enum class Choice : std::uint8_t {
    local,      ///< the local side's state: its value, or deleted
    remote,     ///< the remote side's state
    value,      ///< `value`
    remove,     ///< deleted
    undecided,  ///< the merge stops and hands the conflict over
  };
  Choice choice = Choice::undecided;
  Bytes value = {};
};

/// Decides conflicts. Must depend on the conflict alone, so that every replica decides alike.
class ConflictPolicy {
 public:
  ConflictPolicy() = default;
  ConflictPolicy(const ConflictPolicy&) = delete;
  ConflictPolicy& operator=(const ConflictPolicy&) = delete;
  virtual ~ConflictPolicy() = default;

  /// `source` holds the values that are not inline. An error ends the merge.
  [[nodiscard]] virtual Result<Resolution> resolve(const Conflict& conflict,
                                                   NodeSource& source) = 0;
};

/// The rule of the contract: an update beats a deletion, and of two values the one with the greater
/// BLAKE3 wins. Gives the same whichever side is called local.
class DefaultPolicy final : public ConflictPolicy {
 public:
  Result<Resolution> resolve(const Conflict& conflict, NodeSource& source) override;
};

/// The local side always wins.
class OursPolicy final : public ConflictPolicy {
 public:
  Result<Resolution> resolve(const Conflict& conflict, NodeSource& source) override;
};

/// The remote side always wins.
class TheirsPolicy final : public ConflictPolicy {
 public:
  Result<Resolution> resolve(const Conflict& conflict, NodeSource& source) override;
};

/// Decides nothing: every conflict is handed over.
class ReportPolicy final : public ConflictPolicy {
 public:
  Result<Resolution> resolve(const Conflict& conflict, NodeSource& source) override;
};

/// Asks a function, per key.
class CallbackPolicy final : public ConflictPolicy {
 public:
  using Function = std::function<Result<Resolution>(const Conflict&, NodeSource&)>;
  explicit CallbackPolicy(Function function) : function_(std::move(function)) {}
  Result<Resolution> resolve(const Conflict& conflict, NodeSource& source) override {
    return function_(conflict, source);
  }

 private:
  Function function_;
};

/// The value with the later time wins; without a time, a value is older than any with one. An
/// update beats a deletion; between equal times the greater BLAKE3 wins. Commutes.
class LastWriterPolicy final : public ConflictPolicy {
 public:
  /// Reads the time that a value carries; absent where it carries none.
  using TimeOf = std::function<std::optional<std::int64_t>(ByteView value)>;
  explicit LastWriterPolicy(TimeOf time_of) : time_of_(std::move(time_of)) {}
  Result<Resolution> resolve(const Conflict& conflict, NodeSource& source) override;

 private:
  TimeOf time_of_;
};

/// Hands each conflict to the policy of the longest prefix of its key, or to a fallback.
class PrefixPolicy final : public ConflictPolicy {
 public:
  explicit PrefixPolicy(std::unique_ptr<ConflictPolicy> fallback)
      : fallback_(std::move(fallback)) {}
  /// Replaces the one that `prefix` had.
  void set(Bytes prefix, std::unique_ptr<ConflictPolicy> policy);
  Result<Resolution> resolve(const Conflict& conflict, NodeSource& source) override;

 private:
  std::unique_ptr<ConflictPolicy> fallback_;
  std::map<Bytes, std::unique_ptr<ConflictPolicy>> by_prefix_;
};

}  // namespace dialog
