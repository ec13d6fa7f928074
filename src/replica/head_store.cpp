#include "dialog/replica/head_store.hpp"

#include <algorithm>

#include "dialog/base/limits.hpp"

namespace dialog {

Result<bool> HeadStore::commit(std::span<const RecordChange> changes) {
  DIALOG_ASSIGN(const std::optional<Ticket> ticket, submit(changes));
  if (!ticket) return false;
  DIALOG_TRY(wait(*ticket));
  return true;
}

Result<std::uint64_t> RepositoryStore::check(const StoreCheck& options) {
  constexpr std::uint64_t kProgressEvery = 1024;
  std::uint64_t blocks = 0;
  Result<void> goes_on;
  DIALOG_TRY(archive().for_each([&](const Hash& hash, ByteView bytes) {
    ++blocks;
    if (Hash::of(bytes) != hash) {
      options.on_fault({hash, {ErrorCode::corrupt, "its bytes differ from its hash", {}}});
    }
    if (blocks % kProgressEvery != 0) return true;
    if (options.context.cancel.cancelled() ||
        (options.on_progress && !options.on_progress(blocks))) {
      goes_on = fail(ErrorCode::cancelled, "the check was stopped");
    }
    return goes_on.has_value();
  }));
  DIALOG_TRY(goes_on);
  return blocks;
}

Result<void> check_record_key(std::string_view key) {
  if (!key.empty() && key.size() <= kRecordKeyBytesMax) return {};
  return fail(ErrorCode::invalid_argument, "a record's key has 1 to " +
                                               std::to_string(kRecordKeyBytesMax) + " bytes, not " +
                                               std::to_string(key.size()));
}

Result<void> check_record_changes(std::span<const RecordChange> changes) {
  std::vector<std::string_view> keys;
  for (const RecordChange& change : changes) {
    DIALOG_TRY(check_record_key(change.key));
    if (change.desired && change.desired->size() > kValueBytesMax) {
      return fail(ErrorCode::too_large,
                  "record " + change.key + " has " + std::to_string(change.desired->size()) +
                      " bytes; at most " + std::to_string(kValueBytesMax) + " are allowed");
    }
    keys.push_back(change.key);
  }
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return {};
  return fail(ErrorCode::invalid_argument,
              "record " + std::string(*twice) + " is changed twice in one commit");
}

}  // namespace dialog
