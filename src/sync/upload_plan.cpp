#include "upload_plan.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "seeded_bugs.hpp"
#include "tree_transfer.hpp"

namespace dialog {
namespace {

/// A block refers only to blocks of a lesser height.
unsigned height_of(const BlockRef& ref) {
  switch (ref.kind) {
    case BlockKind::value_chunk:
      return 0;
    case BlockKind::value_index:
      return 1;
    case BlockKind::node:
      break;
  }
  return 2U + ref.level;
}

std::vector<BaseIndex*> bases_of(BaseIndex& base) {
  if (DIALOG_BUG(absent_is_an_error)) return {};
  return {&base};
}

}  // namespace

UploadPlan::UploadPlan(OverlayArchive& archive, const Hash& root, const Hash& base, Context context)
    : archive_(archive),
      source_(archive, kNodeCacheBytes),
      base_(source_, base),
      walk_(source_, root, bases_of(base_)),
      context_(std::move(context)) {}

Result<UploadPlan::Step> UploadPlan::advance() {
  for (;;) {
    if (flushing_) {
      DIALOG_ASSIGN(std::optional<Step> step, flush());
      if (step) return *std::move(step);
    }
    DIALOG_ASSIGN(std::optional<Step> step, collect());
    if (step) return *std::move(step);
    if (pending_.empty()) return Done{};
    flushing_ = true;
  }
}

/// Goes on with the walk until there is something to ask; nothing where it is at its end, or a
/// height is full.
Result<std::optional<UploadPlan::Step>> UploadPlan::collect() {
  while (!is_full()) {
    while (!walked_ && unasked_.size() < kWindowBlocksMax) {
      auto found = walk_.next(kWindowBytesMax, context_);
      if (!found) {
        if (found.error().code != ErrorCode::missing_blocks) return fail(std::move(found).error());
        wanted_ = std::move(found.error().missing);
        if (wanted_.size() > kWindowBlocksMax) wanted_.resize(kWindowBlocksMax);
        return Step{FetchBlocks{wanted_}};
      }
      walked_ = found->empty();
      std::move(found->begin(), found->end(), std::back_inserter(unasked_));
    }
    if (unasked_.empty()) return std::optional<Step>{};
    const std::size_t count = std::min(unasked_.size(), kWindowBlocksMax);
    const auto end = unasked_.begin() + static_cast<std::ptrdiff_t>(count);
    asked_.assign(std::make_move_iterator(unasked_.begin()), std::make_move_iterator(end));
    unasked_.erase(unasked_.begin(), end);
    AskPresent ask;
    for (const BlockRef& ref : asked_) ask.hashes.push_back(ref.hash);
    if (!DIALOG_BUG(everything_is_sent_again)) return Step{std::move(ask)};
    DIALOG_TRY(supply(std::vector<bool>(ask.hashes.size(), false)));
  }
  return std::optional<Step>{};
}

Result<void> UploadPlan::supply(std::vector<std::optional<Block>> fetched) {
  auto blocks = received(wanted_, std::move(fetched));
  if (!blocks && blocks.error().code == ErrorCode::missing_blocks) {
    return fail(
        blocks.error().within("neither this replica nor the remote has all blocks of the branch"));
  }
  if (!blocks) return fail(std::move(blocks).error());
  return archive_.put(*blocks, context_);
}

Result<void> UploadPlan::supply(const std::vector<bool>& present) {
  if (present.size() != asked_.size()) {
    return fail(ErrorCode::internal, "asked about " + std::to_string(asked_.size()) +
                                         " blocks and was answered about " +
                                         std::to_string(present.size()));
  }
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const unsigned height = height_of(asked_[i]);
    if (present[i]) {
      ++present_count_;
    } else if (is_pending_.emplace(asked_[i].hash, height).second) {
      Height& at = pending_[height];
      const std::size_t bytes = asked_[i].block_bytes_estimate();
      at.blocks.push_back({asked_[i].hash, bytes});
      at.bytes += bytes;
    }
  }
  asked_.clear();
  return {};
}

bool UploadPlan::is_full() const {
  return std::any_of(pending_.begin(), pending_.end(), [](const auto& height) {
    return height.second.blocks.size() >= kWindowBlocksMax ||
           height.second.bytes >= kWindowBytesMax;
  });
}

/// Uploads every height, the lowest first, up to the highest that is full; all of them at the end
/// of the walk.
Result<std::optional<UploadPlan::Step>> UploadPlan::flush() {
  const bool at_end = walked_ && unasked_.empty();
  if (pending_.empty() || (!at_end && !is_full())) {
    flushing_ = false;
    return std::optional<Step>{};
  }
  const unsigned height =
      DIALOG_BUG(parents_travel_first) ? pending_.rbegin()->first : pending_.begin()->first;
  DIALOG_ASSIGN(Step step, upload(height));
  return std::optional<Step>{std::move(step)};
}

Result<UploadPlan::Step> UploadPlan::upload(unsigned height) {
  Height& at = pending_.at(height);
  std::vector<Hash> hashes;
  std::size_t bytes = 0;
  for (const Pending& block : at.blocks) {
    if (hashes.size() == kWindowBlocksMax) break;
    if (!hashes.empty() && bytes + block.bytes > kWindowBytesMax) break;
    hashes.push_back(block.hash);
    bytes += block.bytes;
    is_pending_.erase({block.hash, height});
  }
  at.blocks.erase(at.blocks.begin(),
                  at.blocks.begin() + static_cast<std::ptrdiff_t>(hashes.size()));
  at.bytes -= bytes;
  if (at.blocks.empty()) pending_.erase(height);

  DIALOG_ASSIGN(auto found, archive_.get(hashes, context_));
  UploadBlocks action;
  std::vector<Hash> absent;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (found[i]) {
      action.blocks.push_back(*std::move(found[i]));
    } else {
      absent.push_back(hashes[i]);
    }
  }
  if (!absent.empty()) {
    return fail(missing_blocks(std::move(absent))
                    .within("neither this replica nor the remote has all blocks of the branch"));
  }
  return Step{std::move(action)};
}

}  // namespace dialog
