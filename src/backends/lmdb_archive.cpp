#include "lmdb_archive.hpp"

#include <algorithm>
#include <utility>

#include "lmdb_accounts.hpp"

namespace dialog::lmdb {
namespace {

// What `for_each` copies at once, so that a visitor may take its time without keeping the map in
// place.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

struct Stored {
  Bytes key;
  Bytes bytes;
};

tl::unexpected<Error> damaged(const Hash& hash, const Environment& environment) {
  return fail(ErrorCode::corrupt,
              "block " + hash.hex() + " is damaged on disk in " + environment.folder());
}

Result<std::vector<Stored>> read_batch(const Reader& reader, ByteView prefix, ByteView after) {
  std::vector<Stored> batch;
  std::size_t bytes = 0;
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, Table::blocks));
  DIALOG_ASSIGN(bool there, cursor.seek(after));
  if (there && cursor.key() == after) {
    DIALOG_ASSIGN(there, cursor.next());
  }
  while (there && cursor.key().starts_with(prefix) && bytes < kBatchBytes) {
    batch.push_back({Bytes(cursor.key()), Bytes(cursor.value())});
    bytes += batch.back().key.size() + batch.back().bytes.size();
    DIALOG_ASSIGN(there, cursor.next());
  }
  return batch;
}

// Visits the blocks under a prefix, of one snapshot, until `visit` returns false.
Result<void> scan_blocks(Environment& environment, ByteView prefix,
                         const std::function<bool(ByteView key, ByteView bytes)>& visit) {
  DIALOG_ASSIGN(Reader reader, environment.begin_read());
  Bytes after(prefix);
  for (bool wanted = true; wanted;) {
    DIALOG_ASSIGN(const std::vector<Stored> batch, read_batch(reader, prefix, after));
    if (batch.empty()) break;
    after = batch.back().key;
    // The visitor may put and flush, and that may have to move the map.
    reader.park();
    for (const Stored& stored : batch) {
      wanted = visit(stored.key, stored.bytes);
      if (!wanted) break;
    }
    DIALOG_TRY(reader.resume());
  }
  return {};
}

}  // namespace

class BlockArchive::Flush final : public Job {
 public:
  explicit Flush(BlockArchive& archive) : archive_(archive), bytes_(archive.buffered_bytes()) {}
  Result<void> apply(WriteTransaction& transaction) override { return archive_.stage(transaction); }
  void undone() override { archive_.unstage(); }
  void done() override { archive_.settle(); }
  [[nodiscard]] std::size_t bytes() const override { return bytes_; }

 private:
  BlockArchive& archive_;
  const std::size_t bytes_;
};

class BlockArchive::Removal final : public Job {
 public:
  Removal(BlockArchive& archive, std::vector<Hash> hashes)
      : archive_(archive), hashes_(std::move(hashes)) {}

  Result<void> apply(WriteTransaction& transaction) override {
    // Buffered blocks take the same way, or one of them could outlive its removal.
    DIALOG_TRY(archive_.stage(transaction));
    for (const Hash& hash : hashes_) {
      DIALOG_TRY(transaction.erase(Table::blocks, archive_.key_of(hash)));
    }
    return {};
  }
  void undone() override { archive_.unstage(); }
  void done() override { archive_.settle(); }
  [[nodiscard]] std::size_t bytes() const override { return archive_.buffered_bytes(); }

 private:
  BlockArchive& archive_;
  const std::vector<Hash> hashes_;
};

std::size_t BlockArchive::buffered_bytes() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_;
}

const Block* BlockArchive::find_buffered(const Hash& hash) const {
  if (const auto at = waiting_.find(hash); at != waiting_.end()) return &at->second;
  if (const auto at = staged_.find(hash); at != staged_.end()) return &at->second;
  return nullptr;
}

Result<void> BlockArchive::stage(WriteTransaction& transaction) {
  std::vector<Block> blocks;
  {
    const std::lock_guard lock(mutex_);
    blocks.reserve(waiting_.size());
    for (const auto& [hash, block] : waiting_) blocks.push_back(block);
    staged_.merge(waiting_);
    waiting_.clear();
    waiting_bytes_ = 0;
  }
  // Neighbours in the table are written together.
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return a.hash() < b.hash(); });
  if (counted_did_ && !blocks.empty()) DIALOG_TRY(count(transaction, blocks));
  for (const Block& block : blocks) {
    DIALOG_TRY(transaction.ensure(Table::blocks, key_of(block.hash()), block.bytes()));
  }
  return {};
}

// Before they are written.
Result<void> BlockArchive::count(WriteTransaction& transaction,
                                 std::span<const Block> blocks) const {
  DIALOG_ASSIGN(const auto stored, transaction.get(Table::accounts, prefix_));
  DIALOG_ASSIGN(Account account, parse_account(*environment_, prefix_, stored));
  for (const Block& block : blocks) {
    DIALOG_ASSIGN(const auto present, transaction.get(Table::blocks, key_of(block.hash())));
    account.usage.blocks += present ? 0 : 1;
    account.usage.bytes += block.size();
    account.usage.bytes -= present ? present->size() : 0;
  }
  account.did = *counted_did_;
  return put_account(transaction, prefix_, account);
}

void BlockArchive::unstage() {
  const std::lock_guard lock(mutex_);
  waiting_.merge(staged_);
  staged_.clear();
  waiting_bytes_ = 0;
  for (const auto& [hash, block] : waiting_) waiting_bytes_ += block.size();
}

void BlockArchive::settle() {
  const std::lock_guard lock(mutex_);
  staged_.clear();
}

Result<std::vector<std::optional<Block>>> BlockArchive::do_get(std::span<const Hash> hashes,
                                                               const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  std::vector<std::optional<Block>> found(hashes.size());
  std::vector<std::size_t> stored;
  {
    // First the buffer, then the disk: a block on its way is in one of them at either moment.
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (const Block* const block = find_buffered(hashes[i])) {
        found[i] = *block;
      } else {
        stored.push_back(i);
      }
    }
  }
  if (stored.empty()) return found;
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  for (const std::size_t i : stored) {
    DIALOG_ASSIGN(const auto bytes, reader.get(Table::blocks, key_of(hashes[i])));
    if (!bytes) continue;
    auto block = Block::checked(hashes[i], Bytes(*bytes));
    if (!block) return damaged(hashes[i], *environment_);
    found[i] = *std::move(block);
  }
  return found;
}

Result<std::vector<bool>> BlockArchive::do_has(std::span<const Hash> hashes,
                                               const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  std::vector<bool> present(hashes.size());
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < hashes.size(); ++i)
      present[i] = find_buffered(hashes[i]) != nullptr;
  }
  if (std::find(present.begin(), present.end(), false) == present.end()) return present;
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (present[i]) continue;
    DIALOG_ASSIGN(const auto bytes, reader.get(Table::blocks, key_of(hashes[i])));
    present[i] = bytes.has_value();
  }
  return present;
}

Result<void> BlockArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_TRY(check_block_sizes(blocks));
  std::unique_lock lock(mutex_);
  for (const Block& block : blocks) {
    while (waiting_bytes_ > 0 && waiting_bytes_ + block.size() > buffered_bytes_max_) {
      lock.unlock();
      DIALOG_TRY(do_flush(context));
      lock.lock();
    }
    if (find_buffered(block.hash()) != nullptr) continue;
    waiting_.emplace(block.hash(), block);
    waiting_bytes_ += block.size();
  }
  return {};
}

Result<void> BlockArchive::do_flush(const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() && staged_.empty()) return {};
  }
  // What is staged by somebody else is durable once a later job has had its turn.
  Flush job(*this);
  return environment_->run(job, context, clock_);
}

Result<void> BlockArchive::remove(std::span<const Hash> hashes) {
  std::vector<Hash> sorted(hashes.begin(), hashes.end());
  std::sort(sorted.begin(), sorted.end());
  Removal job(*this, std::move(sorted));
  return environment_->run(job);
}

Result<void> BlockArchive::for_each(const std::function<bool(const Hash&, ByteView)>& visit) {
  bool readable = true;
  DIALOG_TRY(scan_blocks(*environment_, prefix_, [&](ByteView key, ByteView bytes) {
    const auto hash = Hash::from_bytes(key.substr(prefix_.size()));
    readable = hash.has_value();
    return readable && visit(*hash, bytes);
  }));
  if (readable) return {};
  return fail(ErrorCode::corrupt, "a block in " + environment_->folder() + " has a damaged key");
}

Result<BlockCount> check_blocks(Environment& environment) {
  BlockCount count;
  Result<void> outcome;
  DIALOG_TRY(scan_blocks(environment, {}, [&](ByteView key, ByteView bytes) {
    const std::size_t prefix = key.size() < Hash::kSize ? 0 : key.size() - Hash::kSize;
    const Hash hash = Hash::of(bytes);
    if (hash.bytes() != key.substr(prefix)) {
      outcome = damaged(Hash::from_bytes(key.substr(prefix)).value_or(hash), environment);
      return false;
    }
    ++count.blocks;
    count.bytes += bytes.size();
    return true;
  }));
  DIALOG_TRY(std::move(outcome));
  return count;
}

}  // namespace dialog::lmdb
