#include "dialog/archive/counting_archive.hpp"

#include <algorithm>
#include <utility>

namespace dialog {
namespace {

OperationCount call_of(std::size_t hashes, bool succeeded) {
  OperationCount count;
  count.calls = 1;
  count.errors = succeeded ? 0 : 1;
  count.hashes = hashes;
  return count;
}

}  // namespace

ArchiveCounts CountingArchive::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

ArchiveCounts CountingArchive::reset() {
  const std::lock_guard lock(mutex_);
  return std::exchange(counts_, {});
}

void CountingArchive::add(OperationCount ArchiveCounts::* operation, const OperationCount& count) {
  const std::lock_guard lock(mutex_);
  OperationCount& total = counts_.*operation;
  total.calls += count.calls;
  total.errors += count.errors;
  total.hashes += count.hashes;
  total.blocks += count.blocks;
  total.bytes += count.bytes;
}

Result<std::vector<std::optional<Block>>> CountingArchive::do_get(std::span<const Hash> hashes,
                                                                  const Context& context) {
  auto found = inner_.get(hashes, context);
  OperationCount count = call_of(hashes.size(), found.has_value());
  if (found) {
    for (const std::optional<Block>& block : *found) {
      if (!block) continue;
      ++count.blocks;
      count.bytes += block->size();
    }
  }
  add(&ArchiveCounts::get, count);
  return found;
}

Result<void> CountingArchive::do_put(std::span<const Block> blocks, const Context& context) {
  auto stored = inner_.put(blocks, context);
  OperationCount count = call_of(blocks.size(), stored.has_value());
  if (stored) {
    count.blocks = blocks.size();
    for (const Block& block : blocks) count.bytes += block.size();
  }
  add(&ArchiveCounts::put, count);
  return stored;
}

Result<std::vector<bool>> CountingArchive::do_has(std::span<const Hash> hashes,
                                                  const Context& context) {
  auto present = inner_.has(hashes, context);
  OperationCount count = call_of(hashes.size(), present.has_value());
  if (present) {
    count.blocks = static_cast<std::uint64_t>(std::count(present->begin(), present->end(), true));
  }
  add(&ArchiveCounts::has, count);
  return present;
}

Result<void> CountingArchive::do_flush(const Context& context) {
  auto flushed = inner_.flush(context);
  add(&ArchiveCounts::flush, call_of(0, flushed.has_value()));
  return flushed;
}

}  // namespace dialog
