#include "log_subjects.hpp"

#include <utility>

#include "lmdb_record.hpp"
#include "log_keys.hpp"

namespace dialog {
namespace {

// Beyond that all are forgotten: they can be read again.
constexpr std::size_t kKnownMax = 65536;

Result<store::Space> parse_space(ByteView stored) {
  if (stored.size() == sizeof(store::Space)) return lmdb::read_u32(stored);
  return fail(ErrorCode::corrupt, "the record of a subject's space cannot be read");
}

Bytes print_space(store::Space space) {
  Bytes out;
  lmdb::append_u32(out, space);
  return out;
}

}  // namespace

void LogSubjects::keep(const Hash& id, store::Space space) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_.emplace(id, space);
}

Result<std::optional<store::Space>> LogSubjects::find(const Hash& id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = known_.find(id); at != known_.end()) return at->second;
  }
  DIALOG_ASSIGN(const auto stored, engine_.read(log_keys::space(id), store::View::submitted));
  if (!stored) return std::nullopt;
  DIALOG_ASSIGN(const store::Space space, parse_space(*stored));
  keep(id, space);
  return space;
}

Result<store::Space> LogSubjects::ensure(const Hash& id, const Context& context) {
  const Bytes key = log_keys::space(id);
  const Bytes next_key = log_keys::next_space();
  while (true) {
    DIALOG_ASSIGN(const auto present, find(id));
    if (present) return *present;
    DIALOG_ASSIGN(const auto next, engine_.read(next_key, store::View::submitted));
    store::Space space = 1;
    if (next) {
      DIALOG_ASSIGN(space, parse_space(*next));
    }
    const Bytes mine = print_space(space);
    const Bytes after = print_space(space + 1);
    const store::RecordChange changes[] = {{key, std::nullopt, mine}, {next_key, next, after}};
    DIALOG_ASSIGN(const auto number, engine_.submit(changes, context));
    if (number) DIALOG_TRY(engine_.wait(*number));
  }
}

Result<std::vector<std::optional<Block>>> LogSubjectArchive::do_get(std::span<const Hash> hashes,
                                                                    const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_ASSIGN(const auto space, subjects_.find(id_));
  if (!space) return std::vector<std::optional<Block>>(hashes.size());
  return engine_.get(*space, hashes);
}

Result<void> LogSubjectArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_TRY(check_block_sizes(blocks));
  if (blocks.empty()) return {};
  DIALOG_ASSIGN(const store::Space space, subjects_.ensure(id_, context));
  return engine_.put(space, blocks, context);
}

Result<std::vector<bool>> LogSubjectArchive::do_has(std::span<const Hash> hashes,
                                                    const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_ASSIGN(const auto space, subjects_.find(id_));
  if (!space) return std::vector<bool>(hashes.size());
  return engine_.has(*space, hashes);
}

Result<void> LogSubjectArchive::do_flush(const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  return engine_.flush(context);
}

}  // namespace dialog
