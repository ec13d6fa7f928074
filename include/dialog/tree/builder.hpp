#pragma once

#include <memory>

#include "dialog/archive/archive.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/node.hpp"

namespace dialog {

/// Builds a tree from sorted entries. Keeps one open node per level, some that ended, and a batch
/// of blocks, however large the tree; writes the batches as they fill up. Nothing is flushed: that
/// is the caller's, before it publishes the root. Not thread-safe. The archive must outlive it.
class TreeBuilder final {
 public:
  explicit TreeBuilder(Archive& archive, Context context = {});
  TreeBuilder(const TreeBuilder&) = delete;
  TreeBuilder& operator=(const TreeBuilder&) = delete;
  ~TreeBuilder();

  /// `invalid_argument` where `key` is not greater than the last one; `too_large` for a key above
  /// `kKeyBytesMax` or a value above `kValueBytesMax`. Such an entry is not added, and the builder
  /// goes on. After an error of the archive it cannot be used any more.
  [[nodiscard]] Result<void> add(ByteView key, ByteView value);

  /// Writes what is left and returns the root; zeros where nothing was added. Once.
  [[nodiscard]] Result<Hash> finish();

  /// What was added so far.
  [[nodiscard]] const TreeSize& size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dialog
