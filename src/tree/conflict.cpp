#include "dialog/tree/conflict.hpp"

#include <array>
#include <utility>

namespace dialog {
namespace {

using Choice = Resolution::Choice;

/// Of two values the one with the greater hash. They differ, so their hashes do.
Choice greater_hash(const Conflict& conflict) {
  return conflict.local->hash() > conflict.remote->hash() ? Choice::local : Choice::remote;
}

}  // namespace

Result<Resolution> DefaultPolicy::resolve(const Conflict& conflict, NodeSource&) {
  if (!conflict.remote) return Resolution{Choice::local};
  if (!conflict.local) return Resolution{Choice::remote};
  return Resolution{greater_hash(conflict)};
}

Result<Resolution> OursPolicy::resolve(const Conflict&, NodeSource&) {
  return Resolution{Choice::local};
}

Result<Resolution> TheirsPolicy::resolve(const Conflict&, NodeSource&) {
  return Resolution{Choice::remote};
}

Result<Resolution> ReportPolicy::resolve(const Conflict&, NodeSource&) {
  return Resolution{Choice::undecided};
}

Result<Resolution> LastWriterPolicy::resolve(const Conflict& conflict, NodeSource& source) {
  if (!conflict.remote) return Resolution{Choice::local};
  if (!conflict.local) return Resolution{Choice::remote};
  const std::array both{*conflict.local, *conflict.remote};
  DIALOG_ASSIGN(const std::vector<Bytes> values, load_values(source, both));
  // An absent time compares as less than any.
  const std::optional<std::int64_t> local = time_of_(values[0]);
  const std::optional<std::int64_t> remote = time_of_(values[1]);
  if (local == remote) return Resolution{greater_hash(conflict)};
  return Resolution{local > remote ? Choice::local : Choice::remote};
}

void PrefixPolicy::set(Bytes prefix, std::unique_ptr<ConflictPolicy> policy) {
  by_prefix_.insert_or_assign(std::move(prefix), std::move(policy));
}

Result<Resolution> PrefixPolicy::resolve(const Conflict& conflict, NodeSource& source) {
  // From the longest prefix to the empty one; each search is for one exact prefix.
  for (std::size_t size = conflict.key.size() + 1; size-- > 0;) {
    const auto at = by_prefix_.find(Bytes(conflict.key.substr(0, size)));
    if (at != by_prefix_.end()) return at->second->resolve(conflict, source);
  }
  return fallback_->resolve(conflict, source);
}

}  // namespace dialog
