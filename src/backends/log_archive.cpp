#include "log_archive.hpp"

#include <algorithm>

namespace dialog {
namespace {

// A segment that is needed to such a part stays as it is.
constexpr double kFullShare = 0.9;

}  // namespace

Result<std::vector<std::optional<Block>>> LogArchive::do_get(std::span<const Hash> hashes,
                                                             const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  return engine_.get(space_, hashes);
}

Result<void> LogArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  return engine_.put(space_, blocks, context);
}

Result<std::vector<bool>> LogArchive::do_has(std::span<const Hash> hashes, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  return engine_.has(space_, hashes);
}

Result<void> LogArchive::do_flush(const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  return engine_.flush(context);
}

Result<void> LogArchive::for_each(const std::function<bool(const Hash&, ByteView)>& visit) {
  return engine_.for_each_block([&](const store::BlockKey& key, ByteView bytes) {
    return key.space != space_ || visit(key.hash, bytes);
  });
}

Result<void> LogArchive::remove(std::span<const Hash> hashes) {
  return engine_.remove(space_, hashes, {});
}

Result<std::uint64_t> LogArchive::reclaim(const Context& context) {
  DIALOG_ASSIGN(const auto compacted, engine_.compact(kFullShare, context));
  return compacted.bytes - std::min(compacted.bytes, compacted.moved);
}

}  // namespace dialog
