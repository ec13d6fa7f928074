#include "lmdb_accounts.hpp"

#include <map>
#include <utility>
#include <vector>

#include "head_record.hpp"
#include "lmdb_range.hpp"
#include "lmdb_record.hpp"

namespace dialog::lmdb {
namespace {

// In the table of accounts once all are counted. Ids are longer.
constexpr ByteView kCountedKey = "counted";
constexpr std::size_t kFixedBytes = 16 + 1 + 16;
constexpr std::uint64_t kAny = UINT64_MAX;

void append_bound(Bytes& out, const std::optional<std::uint64_t>& bound) {
  append_u64(out, bound.value_or(kAny));
}

std::optional<std::uint64_t> read_bound(ByteView bytes) {
  const std::uint64_t bound = read_u64(bytes);
  return bound == kAny ? std::nullopt : std::optional(bound);
}

using Usages = std::map<Bytes, Usage>;

void add_block(Usages& usages, ByteView key, ByteView bytes) {
  if (key.size() != 2 * Hash::kSize) return;
  Usage& usage = usages[Bytes(key.substr(0, Hash::kSize))];
  ++usage.blocks;
  usage.bytes += bytes.size();
}

class CountAll final : public Job {
 public:
  explicit CountAll(const Environment& environment) : environment_(environment) {}
  Result<void> apply(WriteTransaction& transaction) override {
    DIALOG_ASSIGN(const auto counted, transaction.get(Table::accounts, kCountedKey));
    if (counted) return {};
    Usages usages;
    DIALOG_TRY(transaction.for_each(Table::blocks, {}, [&](ByteView key, ByteView bytes) {
      add_block(usages, key, bytes);
      return true;
    }));
    for (const auto& [id, usage] : usages) {
      Account account{usage, std::nullopt, {}};
      DIALOG_ASSIGN(const auto head, transaction.get(Table::subjects, id));
      if (head) {
        const std::string what = "a head in " + environment_.folder();
        DIALOG_ASSIGN(const ByteView body, unseal(id, *head, what));
        DIALOG_TRY(parse_head(body, what));
        account.did = did_of_head(body);
      }
      DIALOG_TRY(put_account(transaction, id, account));
    }
    return transaction.put(Table::accounts, kCountedKey, "1");
  }

 private:
  const Environment& environment_;
};

class RemoveSubject final : public Job {
 public:
  RemoveSubject(BlockArchive& blocks, const Hash& id) : blocks_(blocks), id_(id) {}

  Result<void> apply(WriteTransaction& transaction) override {
    // Buffered blocks take the same way, or one of them could outlive its removal.
    DIALOG_TRY(blocks_.stage(transaction));
    DIALOG_ASSIGN(const auto head, transaction.get(Table::subjects, id_.bytes()));
    DIALOG_ASSIGN(const auto account, transaction.get(Table::accounts, id_.bytes()));
    was_there_ = head || account;
    for (const Table table : {Table::blocks, Table::history}) {
      std::vector<Bytes> keys;
      DIALOG_TRY(transaction.for_each(table, id_.bytes(), [&](ByteView key, ByteView) {
        if (!key.starts_with(id_.bytes())) return false;
        keys.emplace_back(key);
        return true;
      }));
      for (const Bytes& key : keys) DIALOG_TRY(transaction.erase(table, key));
    }
    DIALOG_TRY(transaction.erase(Table::subjects, id_.bytes()));
    return transaction.erase(Table::accounts, id_.bytes());
  }
  void undone() override { blocks_.unstage(); }
  void done() override { blocks_.settle(); }
  [[nodiscard]] std::size_t bytes() const override { return blocks_.buffered_bytes(); }
  [[nodiscard]] bool was_there() const { return was_there_; }

 private:
  BlockArchive& blocks_;
  const Hash id_;
  bool was_there_ = false;
};

class SetQuota final : public Job {
 public:
  SetQuota(const Environment& environment, const Subject& subject,
           const std::optional<Quota>& quota)
      : environment_(environment), subject_(subject), id_(subject.id()), quota_(quota) {}
  Result<void> apply(WriteTransaction& transaction) override {
    DIALOG_ASSIGN(const auto stored, transaction.get(Table::accounts, id_.bytes()));
    DIALOG_ASSIGN(Account account, parse_account(environment_, id_.bytes(), stored));
    account.quota = quota_;
    account.did = subject_.did();
    return put_account(transaction, id_.bytes(), account);
  }
  [[nodiscard]] std::size_t bytes() const override { return 1024; }

 private:
  const Environment& environment_;
  const Subject& subject_;
  const Hash id_;
  const std::optional<Quota>& quota_;
};

// The records of a table behind an id, at most `limit`, those of subjects alone.
template <class Take>
Result<void> take_some(const Reader& reader, Table table, const std::optional<Hash>& after,
                       std::size_t limit, Take take) {
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, table));
  DIALOG_ASSIGN(bool there, seek_range(cursor, {}, after ? after->bytes() : ByteView(), false));
  for (std::size_t taken = 0; there && taken < limit;) {
    if (const auto id = Hash::from_bytes(cursor.key())) {
      DIALOG_TRY(take(*id, cursor.value()));
      ++taken;
    }
    DIALOG_ASSIGN(there, cursor.next());
  }
  return {};
}

}  // namespace

Result<Account> parse_account(const Environment& environment, ByteView id,
                              std::optional<ByteView> stored) {
  if (!stored) return Account{};
  const std::string what = "the account of subject " + to_hex(id) + " in " + environment.folder();
  DIALOG_ASSIGN(const ByteView body, unseal(id, *stored, what));
  if (body.size() < kFixedBytes) return fail(ErrorCode::corrupt, what + " is too short");
  Account account;
  account.usage = {read_u64(body), read_u64(body.substr(8))};
  if (body[16] != 0) {
    account.quota = Quota{read_bound(body.substr(17)), read_bound(body.substr(25))};
  }
  account.did = std::string(body.substr(kFixedBytes));
  return account;
}

Result<void> put_account(WriteTransaction& transaction, ByteView id, const Account& account) {
  if (account.usage == Usage{} && !account.quota) return transaction.erase(Table::accounts, id);
  Bytes body;
  append_u64(body, account.usage.blocks);
  append_u64(body, account.usage.bytes);
  body.push_back(account.quota ? '\1' : '\0');
  append_bound(body, account.quota ? account.quota->blocks : std::nullopt);
  append_bound(body, account.quota ? account.quota->bytes : std::nullopt);
  body.append(account.did);
  return transaction.put(Table::accounts, id, seal(id, body));
}

Result<Account> read_account(Environment& environment, const Hash& id) {
  DIALOG_ASSIGN(const Reader reader, environment.begin_read());
  DIALOG_ASSIGN(const auto stored, reader.get(Table::accounts, id.bytes()));
  return parse_account(environment, id.bytes(), stored);
}

Result<void> prepare_accounts(Environment& environment) {
  {
    DIALOG_ASSIGN(const Reader reader, environment.begin_read());
    DIALOG_ASSIGN(const auto counted, reader.get(Table::accounts, kCountedKey));
    if (counted) return {};
  }
  CountAll job(environment);
  return environment.run(job);
}

Result<void> check_accounts(Environment& environment) {
  Usages actual;
  Usages counted;
  DIALOG_ASSIGN(const Reader reader, environment.begin_read());
  DIALOG_ASSIGN(Cursor blocks, Cursor::open(reader, Table::blocks));
  DIALOG_ASSIGN(bool there, blocks.seek({}));
  while (there) {
    add_block(actual, blocks.key(), blocks.value());
    DIALOG_ASSIGN(there, blocks.next());
  }
  DIALOG_TRY(take_some(reader, Table::accounts, std::nullopt, SIZE_MAX,
                       [&](const Hash& id, ByteView stored) -> Result<void> {
                         DIALOG_ASSIGN(const Account account,
                                       parse_account(environment, id.bytes(), stored));
                         if (account.usage.blocks > 0) counted[Bytes(id.bytes())] = account.usage;
                         return {};
                       }));
  if (actual == counted) return {};
  return fail(ErrorCode::corrupt,
              "the database in " + environment.folder() + " counts wrongly what subjects have");
}

Result<bool> remove_subject(Environment& environment, BlockArchive& blocks, const Subject& subject,
                            const Context& context, Clock& clock) {
  RemoveSubject job(blocks, subject.id());
  DIALOG_TRY(environment.run(job, context, clock));
  return job.was_there();
}

Result<void> set_quota(Environment& environment, const Subject& subject,
                       const std::optional<Quota>& quota, const Context& context, Clock& clock) {
  SetQuota job(environment, subject, quota);
  return environment.run(job, context, clock);
}

Result<ServerStore::Page> list_subjects(Environment& environment, const std::optional<Hash>& after,
                                        std::size_t limit) {
  // One more than is wanted tells whether there are more.
  const std::size_t wanted = limit == SIZE_MAX ? limit : limit + 1;
  std::map<Hash, ServerStore::Entry> entries;
  DIALOG_ASSIGN(const Reader reader, environment.begin_read());
  DIALOG_TRY(take_some(
      reader, Table::accounts, after, wanted, [&](const Hash& id, ByteView stored) -> Result<void> {
        DIALOG_ASSIGN(Account account, parse_account(environment, id.bytes(), stored));
        entries[id] = {id, std::move(account.did), std::nullopt, account.usage, account.quota};
        return {};
      }));
  DIALOG_TRY(take_some(
      reader, Table::subjects, after, wanted, [&](const Hash& id, ByteView stored) -> Result<void> {
        const std::string what = "the head of subject " + id.hex() + " in " + environment.folder();
        DIALOG_ASSIGN(const ByteView body, unseal(id.bytes(), stored, what));
        DIALOG_ASSIGN(HeadRecord head, parse_head(body, what));
        ServerStore::Entry& entry = entries[id];
        entry.id = id;
        entry.did = did_of_head(body);
        entry.head = std::move(head);
        return {};
      }));
  ServerStore::Page page;
  for (auto& [id, entry] : entries) {
    page.complete = page.entries.size() < limit;
    if (!page.complete) break;
    page.entries.push_back(std::move(entry));
  }
  return page;
}

}  // namespace dialog::lmdb
