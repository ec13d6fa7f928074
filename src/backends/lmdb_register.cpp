#include "lmdb_register.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "head_record.hpp"
#include "lmdb_record.hpp"

namespace dialog::lmdb {
namespace {

// A history that was kept longer under other options shrinks by so many records with each swap.
constexpr int kForgottenMax = 16;

Bytes history_key(const Hash& id, std::uint64_t sequence) {
  Bytes key(id.bytes());
  append_u64(key, sequence);
  return key;
}

std::uint64_t sequence_of(ByteView key) { return read_u64(key.substr(Hash::kSize)); }

Bytes encode(ByteView key, const HeadRecord& record, std::string_view did) {
  return seal(key, print_head(record, did));
}

// Of the subject or of the history.
Result<HeadRecord> decode(ByteView key, ByteView stored, const std::string& folder) {
  const std::string what =
      "a head of the subject with the id " + to_hex(key.substr(0, Hash::kSize)) + " in " + folder;
  DIALOG_ASSIGN(const ByteView body, unseal(key, stored, what));
  return parse_head(body, what);
}

}  // namespace

class HeadRegister::SwapJob final : public Job {
 public:
  SwapJob(const HeadRegister& heads, const Subject& subject, const Swap& swap)
      : heads_(heads), subject_(subject), id_(subject.id()), swap_(swap) {}

  Result<void> apply(WriteTransaction& transaction) override {
    const std::string& folder = heads_.environment_->folder();
    std::optional<HeadRecord> latest;
    DIALOG_ASSIGN(const auto stored, transaction.get(Table::subjects, id_.bytes()));
    if (stored) {
      DIALOG_ASSIGN(latest, decode(id_.bytes(), *stored, folder));
    }
    const Revision current = latest ? latest->revision : Revision();
    if (swap_.must_create ? latest.has_value() : current != swap_.expected) {
      outcome_ = Refused{std::move(latest)};
      return {};
    }
    const std::uint64_t sequence = latest ? latest->sequence + 1 : 1;
    const HeadRecord record{swap_.desired, current, sequence, swap_.time, swap_.author};
    DIALOG_TRY(
        transaction.put(Table::subjects, id_.bytes(), encode(id_.bytes(), record, subject_.did())));
    const Bytes key = history_key(id_, sequence);
    DIALOG_TRY(transaction.put(Table::history, key, encode(key, record, {})));
    outcome_ = Accepted{record};
    return forget(transaction, sequence);
  }

  [[nodiscard]] std::size_t bytes() const override { return 1024; }
  SwapOutcome take_outcome() { return std::move(outcome_); }

 private:
  Result<void> forget(WriteTransaction& transaction, std::uint64_t latest) {
    for (int i = 0; i < kForgottenMax && latest > heads_.history_kept_; ++i) {
      DIALOG_ASSIGN(const auto oldest, transaction.key_from(Table::history, id_.bytes()));
      const bool kept = !oldest || !oldest->starts_with(id_.bytes()) ||
                        sequence_of(*oldest) > latest - heads_.history_kept_;
      if (kept) break;
      DIALOG_TRY(transaction.erase(Table::history, *oldest));
    }
    return {};
  }

  const HeadRegister& heads_;
  const Subject& subject_;
  const Hash id_;
  const Swap& swap_;
  SwapOutcome outcome_;
};

Result<std::optional<HeadRecord>> HeadRegister::read(const Subject& subject,
                                                     const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  const Hash id = subject.id();
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(const auto stored, reader.get(Table::subjects, id.bytes()));
  if (!stored) return std::nullopt;
  return decode(id.bytes(), *stored, environment_->folder());
}

Result<Register::SwapOutcome> HeadRegister::swap(const Subject& subject, const Swap& swap,
                                                 const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_TRY(check_author(swap.author));
  SwapJob job(*this, subject, swap);
  DIALOG_TRY(environment_->run(job, context, clock_));
  return job.take_outcome();
}

Result<HeadHistory> HeadRegister::history(const Subject& subject, std::uint64_t after,
                                          std::size_t limit, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  const Hash id = subject.id();
  HeadHistory history;
  if (after == std::numeric_limits<std::uint64_t>::max()) return history;
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, Table::history));
  DIALOG_ASSIGN(bool there, cursor.seek(history_key(id, 0)));
  const auto of_subject = [&] { return there && cursor.key().starts_with(id.bytes()); };
  if (of_subject() && sequence_of(cursor.key()) > after + 1) history.complete = false;
  DIALOG_ASSIGN(there, cursor.seek(history_key(id, after + 1)));
  while (of_subject() && history.records.size() < limit) {
    DIALOG_ASSIGN(auto record, decode(cursor.key(), cursor.value(), environment_->folder()));
    history.records.push_back(std::move(record));
    DIALOG_ASSIGN(there, cursor.next());
  }
  if (of_subject()) history.complete = false;
  return history;
}

Result<std::uint64_t> HeadRegister::check(Table table) {
  std::uint64_t records = 0;
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, table));
  DIALOG_ASSIGN(bool there, cursor.seek({}));
  for (; there; ++records) {
    DIALOG_TRY(decode(cursor.key(), cursor.value(), environment_->folder()));
    DIALOG_ASSIGN(there, cursor.next());
  }
  return records;
}

}  // namespace dialog::lmdb
