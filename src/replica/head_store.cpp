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
