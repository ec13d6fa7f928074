#include <algorithm>
#include <span>
#include <utility>

#include "dialog/tree/check.hpp"
#include "dialog/tree/value.hpp"

namespace dialog {
namespace {

/// Blocks in memory at once.
constexpr std::size_t kBlocksTogether = 64;
constexpr std::size_t kChunksTogether = 16;

class TreeVerifier {
 public:
  TreeVerifier(Archive& archive, const VerifyOptions& options, const Context& context)
      : archive_(archive), options_(options), context_(context) {}

  Result<VerifyReport> run(const Hash& root) {
    if (root.is_zero()) return report_;
    pending_.push_back(expect_root(root));
    while (!pending_.empty() && !stopped_) {
      // From the end, so that what waits follows the depth of the tree and not its width.
      const std::size_t count = std::min(kBlocksTogether, pending_.size());
      std::vector<BlockExpectation> batch(std::make_move_iterator(pending_.end() - Offset(count)),
                                          std::make_move_iterator(pending_.end()));
      pending_.resize(pending_.size() - count);
      std::reverse(batch.begin(), batch.end());
      std::erase_if(batch, [this](const BlockExpectation& one) { return is_checked(one); });
      DIALOG_TRY(check(batch));
      if (options_.on_progress && !options_.on_progress(report_.blocks)) stopped_ = true;
    }
    return report_;
  }

 private:
  using Offset = std::vector<BlockExpectation>::difference_type;

  Result<void> check(const std::vector<BlockExpectation>& batch) {
    DIALOG_ASSIGN(const auto blocks, read(batch));
    std::vector<BlockExpectation> below;
    for (std::size_t i = 0; i < batch.size() && !stopped_; ++i) {
      // Another key of this batch may have the same value.
      if (!blocks[i] || is_checked(batch[i])) continue;
      auto children = check_block(*blocks[i], batch[i]);
      if (!children) {
        add_fault(batch[i], std::move(children).error());
        continue;
      }
      ++report_.blocks;
      report_.bytes += blocks[i]->size();
      if (batch[i].ref.kind == BlockKind::value_index) {
        DIALOG_TRY(check_chunks(batch[i], *children));
        continue;
      }
      if (batch[i].ref.kind == BlockKind::value_chunk) checked_.add(batch[i]);
      for (BlockExpectation& child : *children) {
        if (child.ref.kind == BlockKind::node || options_.values) below.push_back(std::move(child));
      }
    }
    std::move(below.rbegin(), below.rend(), std::back_inserter(pending_));
    return {};
  }

  /// Sound values only: each key whose value is not gets a fault of its own.
  [[nodiscard]] bool is_checked(const BlockExpectation& expectation) const {
    return expectation.ref.kind != BlockKind::node && checked_.contains(expectation);
  }

  Result<void> check_chunks(const BlockExpectation& index,
                            const std::vector<BlockExpectation>& chunks) {
    Hasher hasher;
    bool sound = true;
    for (std::size_t at = 0; at < chunks.size() && !stopped_; at += kChunksTogether) {
      const std::size_t count = std::min(kChunksTogether, chunks.size() - at);
      const std::span some = std::span(chunks).subspan(at, count);
      DIALOG_ASSIGN(const auto blocks, read(some));
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (!blocks[i]) {
          sound = false;
        } else if (auto checked = check_block(*blocks[i], some[i]); !checked) {
          sound = false;
          add_fault(some[i], std::move(checked).error());
        } else {
          ++report_.blocks;
          report_.bytes += blocks[i]->size();
          hasher.update(blocks[i]->bytes());
        }
      }
    }
    if (!sound || stopped_) return {};
    if (hasher.finish() == index.value_hash) {
      checked_.add(index);
    } else {
      add_fault(index, Error{ErrorCode::corrupt,
                             "block " + index.ref.hash.hex() +
                                 ": its chunks are not the value that its entry names",
                             {}});
    }
    return {};
  }

  /// Absent and unreadable blocks are faults, and come back empty.
  Result<std::vector<std::optional<Block>>> read(std::span<const BlockExpectation> expectations) {
    std::vector<Hash> hashes;
    for (const BlockExpectation& expectation : expectations) hashes.push_back(expectation.ref.hash);
    auto blocks = archive_.get(hashes, context_);
    if (blocks) {
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (!(*blocks)[i]) add_fault(expectations[i], missing_blocks({hashes[i]}));
      }
      return blocks;
    }
    if (blocks.error().code != ErrorCode::corrupt) return blocks;
    // One of them is damaged at rest: which one?
    std::vector<std::optional<Block>> found(hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      auto block = archive_.get_one(hashes[i], context_);
      if (block && *block) {
        found[i] = *std::move(block);
      } else if (block) {
        add_fault(expectations[i], missing_blocks({hashes[i]}));
      } else if (block.error().code == ErrorCode::corrupt) {
        add_fault(expectations[i], std::move(block).error());
      } else {
        return fail(std::move(block).error());
      }
    }
    return found;
  }

  void add_fault(const BlockExpectation& expectation, Error error) {
    if (stopped_) return;
    ++(error.code == ErrorCode::missing_blocks ? report_.absent : report_.corrupt);
    if (options_.on_fault && !options_.on_fault({expectation, std::move(error)})) stopped_ = true;
  }

  Archive& archive_;
  const VerifyOptions& options_;
  const Context& context_;
  std::vector<BlockExpectation> pending_;  // the next one last
  CheckedValues checked_;
  VerifyReport report_;
  bool stopped_ = false;
};

}  // namespace

Result<VerifyReport> verify_tree(NodeSource& source, const Hash& root, const VerifyOptions& options,
                                 const Context& context) {
  return TreeVerifier(source.archive(), options, context).run(root);
}

}  // namespace dialog
