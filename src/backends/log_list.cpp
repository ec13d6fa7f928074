#include "log_list.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "head_record.hpp"
#include "log_keys.hpp"
#include "log_subjects.hpp"

namespace dialog {
namespace {

using Entry = ServerStore::Entry;
constexpr std::size_t kRecordsAtOnce = 1000;

/// Gathers the entries of a page. Three kinds of records tell of a subject; each kind is walked for
/// itself, so a page is only sure up to where all of them have been read.
class PageMaker {
 public:
  PageMaker(store::Engine& engine, const std::optional<Hash>& after, std::size_t limit)
      : engine_(engine), after_(after), limit_(limit) {}

  Result<ServerStore::Page> make() {
    DIALOG_TRY(gather(log_keys::kHead, [&](const Hash& id, ByteView stored) -> Result<bool> {
      if (stored.empty()) return false;
      DIALOG_ASSIGN(HeadRecord head, parse_head(stored, "the head of subject " + id.hex()));
      entries_[id].did = did_of_head(stored);
      entries_[id].head = std::move(head);
      return true;
    }));
    DIALOG_TRY(gather(log_keys::kSpace, [&](const Hash& id, ByteView stored) -> Result<bool> {
      DIALOG_ASSIGN(const SpaceRecord record, parse_space(stored));
      if (record.space == 0) return false;
      DIALOG_ASSIGN(const store::SpaceUse use, engine_.use_of(record.space));
      // Somebody began to put.
      if (use.blocks == 0) return false;
      Entry& entry = entries_[id];
      entry.usage = {use.blocks, use.bytes};
      if (entry.did.empty()) entry.did = record.did;
      return true;
    }));
    DIALOG_TRY(gather(log_keys::kQuota, [&](const Hash& id, ByteView stored) -> Result<bool> {
      DIALOG_ASSIGN(const auto record, parse_quota(stored));
      if (!record) return false;
      entries_[id].quota = record->quota;
      if (entries_[id].did.empty()) entries_[id].did = record->did;
      return true;
    }));
    return finish();
  }

 private:
  // Until there are enough for a page, or no more.
  template <class Take>
  Result<void> gather(char kind, Take take) {
    const Bytes prefix(1, kind);
    Bytes last = after_ ? log_keys::with_id(kind, *after_) : Bytes();
    std::size_t taken = 0;
    while (true) {
      store::Engine::Listing listing;
      listing.prefix = prefix;
      listing.after = last;
      listing.limit = std::min(limit_ - taken, kRecordsAtOnce);
      DIALOG_ASSIGN(const auto records, engine_.list(listing, store::View::durable));
      for (const store::Record& record : records) {
        if (record.key.size() != 1 + Hash::kSize) continue;
        DIALOG_ASSIGN(const bool shows, take(log_keys::id_of(record.key), record.value));
        taken += shows ? 1 : 0;
      }
      if (records.size() < listing.limit) return {};
      last = records.back().key;
      if (taken < limit_) continue;
      const Hash end = log_keys::id_of(last);
      if (!sure_until_ || end < *sure_until_) sure_until_ = end;
      return {};
    }
  }

  Result<ServerStore::Page> finish() {
    ServerStore::Page page;
    page.complete = !sure_until_;
    for (auto& [id, entry] : entries_) {
      if (page.entries.size() == limit_ || (sure_until_ && *sure_until_ < id)) {
        page.complete = false;
        break;
      }
      entry.id = id;
      page.entries.push_back(std::move(entry));
    }
    return page;
  }

  store::Engine& engine_;
  const std::optional<Hash>& after_;
  const std::size_t limit_;
  std::map<Hash, Entry> entries_;
  std::optional<Hash> sure_until_;
};

}  // namespace

Result<ServerStore::Page> list_subjects(store::Engine& engine, const std::optional<Hash>& after,
                                        std::size_t limit) {
  return PageMaker(engine, after, std::max<std::size_t>(1, limit)).make();
}

}  // namespace dialog
