#include "process/lanes.hpp"

#include <set>
#include <utility>

#include "dialog/backends/lmdb_repository_store.hpp"
#include "dialog/backends/log_repository_store.hpp"
#include "support/generator.hpp"

namespace dialog::test {
namespace {

/// Steps after which a record is taken away, but for every eighth.
constexpr int kKept = 40;
/// Steps after which the blocks of records that were taken away are removed, all at once.
constexpr int kRemovedAtOnce = 16;

bool stays(int step) { return step % 8 == 0; }

bool is_there(int step, int last) { return step <= last && (stays(step) || step + kKept > last); }

}  // namespace

store::Limits quick_limits(std::uint64_t folder_number) {
  store::Limits limits;
  switch (folder_number % 3) {
    case 0:
      limits.segment_bytes_max = 64 << 10;
      limits.filled_ahead_bytes = 16 << 10;
      limits.buffered_bytes_max = 8 << 10;
      limits.checkpoint_entries = 64;
      break;
    case 1:
      limits.segment_bytes_max = 512 << 10;
      limits.filled_ahead_bytes = 64 << 10;
      limits.checkpoint_entries = 512;
      break;
    default:
      break;
  }
  return limits;
}

Result<std::unique_ptr<RepositoryStore>> open_store(std::string_view kind,
                                                    const std::string& folder,
                                                    std::uint64_t folder_number) {
  if (kind == "lmdb") {
    LmdbOptions options;
    options.open = StoreOpen::ensure;
    return LmdbRepositoryStore::open(folder, options);
  }
  LogOptions options;
  options.open = StoreOpen::ensure;
  options.limits = quick_limits(folder_number);
  return LogRepositoryStore::open(folder, options);
}

std::string Lane::pointer_key() const { return "lane/" + std::to_string(number_); }

std::string Lane::record_key(int step) const {
  return "record/" + std::to_string(number_) + "/" + std::to_string(step);
}

std::vector<Block> Lane::blocks(int step) const {
  const std::string name = std::to_string(folder_number_) + ":" + std::to_string(number_) + ":" +
                           std::to_string(step) + ":";
  Generator generator(static_cast<std::uint64_t>(step));
  std::vector<Block> made;
  for (int i = 0; i < step % 3; ++i) {
    made.push_back(Block::of(name + std::to_string(i) + generator.bytes(generator.below(4000))));
  }
  return made;
}

Bytes Lane::value(int step) const {
  Bytes value = std::to_string(folder_number_) + ":";
  for (const Block& block : blocks(step)) value += block.hash().bytes();
  Generator generator(static_cast<std::uint64_t>(step) + 1);
  // Some of them are too long for the index.
  return value + generator.bytes(generator.below(generator.below(8) == 0 ? 4000 : 300));
}

Result<int> Lane::last(HeadStore& heads) const {
  DIALOG_ASSIGN(const auto stored, heads.read(pointer_key()));
  return stored ? std::stoi(*stored) : -1;
}

Result<HeadStore::Ticket> Lane::submit(RepositoryStore& store, int step) const {
  const std::vector<Block> mine = blocks(step);
  if (!mine.empty()) DIALOG_TRY(store.archive().put(mine));
  std::vector<RecordChange> changes;
  std::optional<Bytes> before;
  if (step > 0) before = std::to_string(step - 1);
  changes.push_back({pointer_key(), before, std::to_string(step)});
  changes.push_back({record_key(step), std::nullopt, value(step)});
  const int old = step - kKept;
  if (old >= 0 && !stays(old)) changes.push_back({record_key(old), value(old), std::nullopt});
  DIALOG_ASSIGN(const auto ticket, store.heads().submit(changes));
  if (!ticket) return fail(ErrorCode::conflict, "the lane stands elsewhere");
  return *ticket;
}

Result<void> Lane::commit(RepositoryStore& store, int first, int count) const {
  HeadStore::Ticket ticket;
  for (int step = first; step < first + count; ++step) {
    DIALOG_ASSIGN(ticket, submit(store, step));
  }
  DIALOG_TRY(store.heads().wait(ticket));
  for (int step = first; step < first + count; ++step) {
    if (step % kRemovedAtOnce == 0) DIALOG_TRY(remove_old_blocks(store, step));
  }
  return {};
}

Result<void> Lane::remove_old_blocks(RepositoryStore& store, int step) const {
  std::vector<Hash> hashes;
  for (int old = step - kKept; old > step - kKept - kRemovedAtOnce && old >= 0; --old) {
    if (stays(old)) continue;
    for (const Block& block : blocks(old)) hashes.push_back(block.hash());
  }
  if (hashes.empty()) return {};
  return store.archive().remove(hashes);
}

Result<std::optional<std::string>> Lane::find_fault(RepositoryStore& store,
                                                    int acknowledged) const {
  DIALOG_ASSIGN(const int end, last(store.heads()));
  const std::string lane = "lane " + std::to_string(number_) + ": ";
  if (end < acknowledged) {
    return lane + "acknowledged was " + std::to_string(acknowledged) + ", the last one there is " +
           std::to_string(end);
  }
  if (end > acknowledged + kPipelineMax) {
    return lane + "the last one is " + std::to_string(end) + ", although only " +
           std::to_string(acknowledged) + " was acknowledged";
  }
  HeadStore::Range range;
  const std::string prefix = "record/" + std::to_string(number_) + "/";
  range.prefix = prefix;
  DIALOG_ASSIGN(const auto records, store.heads().list(range));
  std::set<int> found;
  for (const Record& record : records) {
    const int step = std::stoi(record.key.substr(prefix.size()));
    found.insert(step);
    if (record.value != value(step)) return lane + record.key + " has another value";
  }
  for (int step = 0; step <= std::max(end, found.empty() ? end : *found.rbegin()); ++step) {
    if (found.contains(step) != is_there(step, end)) {
      return lane + "step " + std::to_string(step) + (found.contains(step) ? " is" : " is not") +
             " there, although the last one is " + std::to_string(end);
    }
    if (!found.contains(step)) continue;
    DIALOG_ASSIGN(auto lost, find_lost_block(store, step));
    if (lost) return lane + *lost;
  }
  return std::nullopt;
}

Result<std::optional<std::string>> Lane::find_fault_at(RepositoryStore& store, int step) const {
  DIALOG_ASSIGN(const auto stored, store.heads().read(record_key(step)));
  DIALOG_ASSIGN(auto fault, find_lost_block(store, step));
  if (stored && *stored != value(step)) fault = "another value";
  if (!stored) fault = "no record";
  if (!fault) return std::nullopt;
  DIALOG_ASSIGN(const int end, last(store.heads()));
  if (!is_there(step, end)) return std::nullopt;
  return "lane " + std::to_string(number_) + ", step " + std::to_string(step) + " of " +
         std::to_string(end) + ": " + *fault;
}

Result<std::optional<std::string>> Lane::find_lost_block(RepositoryStore& store, int step) const {
  std::vector<Hash> hashes;
  for (const Block& block : blocks(step)) hashes.push_back(block.hash());
  DIALOG_ASSIGN(const auto got, store.archive().get(hashes));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (got[i]) continue;
    return "step " + std::to_string(step) + " lost block " + std::to_string(i) + " of " +
           std::to_string(hashes.size());
  }
  return std::nullopt;
}

Result<std::optional<std::string>> find_broken_block(RepositoryStore& store) {
  std::optional<std::string> broken;
  DIALOG_TRY(store.archive().for_each([&](const Hash& hash, ByteView bytes) {
    if (Hash::of(bytes) != hash) broken = "block " + hash.hex() + " is broken";
    return !broken.has_value();
  }));
  return broken;
}

}  // namespace dialog::test
