#include "lmdb_head_store.hpp"

#include "lmdb_range.hpp"
#include "lmdb_record.hpp"

namespace dialog::lmdb {
namespace {

Result<ByteView> unseal_record(ByteView key, ByteView stored, const std::string& folder) {
  return unseal(key, stored, "record " + Bytes(key) + " in " + folder);
}

}  // namespace

class RecordStore::Commit final : public Job {
 public:
  Commit(RecordStore& store, std::span<const RecordChange> changes)
      : store_(store), changes_(changes), bytes_(store.archive_.buffered_bytes()) {
    for (const RecordChange& change : changes) {
      if (change.desired) bytes_ += change.desired->size();
    }
  }

  Result<void> apply(WriteTransaction& transaction) override {
    for (const RecordChange& change : changes_) {
      DIALOG_ASSIGN(const auto stored, transaction.get(Table::heads, change.key));
      accepted_ = stored.has_value() == change.expected.has_value();
      if (accepted_ && stored) {
        DIALOG_ASSIGN(const ByteView actual,
                      unseal_record(change.key, *stored, store_.environment_->folder()));
        accepted_ = actual == *change.expected;
      }
      if (!accepted_) return {};
    }
    accepted_ = true;
    DIALOG_TRY(store_.archive_.stage(transaction));
    for (const RecordChange& change : changes_) {
      if (change.desired == change.expected) continue;
      DIALOG_TRY(change.desired
                     ? transaction.put(Table::heads, change.key, seal(change.key, *change.desired))
                     : transaction.erase(Table::heads, change.key));
    }
    return {};
  }
  void undone() override { store_.archive_.unstage(); }
  void done() override {
    if (accepted_) store_.archive_.settle();
  }
  [[nodiscard]] std::size_t bytes() const override { return bytes_; }
  [[nodiscard]] bool accepted() const { return accepted_; }

 private:
  RecordStore& store_;
  const std::span<const RecordChange> changes_;
  std::size_t bytes_;
  bool accepted_ = false;
};

Result<std::optional<Bytes>> RecordStore::read(std::string_view key, View) {
  DIALOG_TRY(check_record_key(key));
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(const auto stored, reader.get(Table::heads, key));
  if (!stored) return std::nullopt;
  DIALOG_ASSIGN(const ByteView value, unseal_record(key, *stored, environment_->folder()));
  return Bytes(value);
}

Result<std::vector<Record>> RecordStore::list(const Range& range, View) {
  std::vector<Record> records;
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, Table::heads));
  DIALOG_ASSIGN(bool there, seek_range(cursor, range.prefix, range.after, range.reverse));
  while (there && records.size() < range.limit && cursor.key().starts_with(range.prefix)) {
    DIALOG_ASSIGN(const ByteView value,
                  unseal_record(cursor.key(), cursor.value(), environment_->folder()));
    records.push_back({Bytes(cursor.key()), Bytes(value)});
    DIALOG_ASSIGN(there, range.reverse ? cursor.previous() : cursor.next());
  }
  return records;
}

Result<std::optional<HeadStore::Ticket>> RecordStore::submit(
    std::span<const RecordChange> changes) {
  DIALOG_TRY(check_record_changes(changes));
  Commit job(*this, changes);
  DIALOG_TRY(environment_->run(job));
  if (!job.accepted()) return std::nullopt;
  return Ticket{};
}

}  // namespace dialog::lmdb
