#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/context.hpp"
#include "dialog/tree/node.hpp"

namespace dialog {

/// Keeps checked nodes, the ones last used, up to a bound in bytes. Thread-safe; never blocks for
/// long.
class NodeCache final {
 public:
  explicit NodeCache(std::size_t bytes_max);
  NodeCache(const NodeCache&) = delete;
  NodeCache& operator=(const NodeCache&) = delete;
  ~NodeCache();

  /// Null where it is not here.
  [[nodiscard]] NodePtr find(const Hash& hash);
  void insert(NodePtr node);
  /// What is here now; never above the bound.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Shard;
  std::vector<std::unique_ptr<Shard>> shards_;
};

/// What a parent says about a node, or only its address where it is a root.
struct NodeRef {
  Hash hash;
  std::optional<std::uint8_t> level;
  std::optional<TreeSize> size;
  std::optional<ByteView> last_key;  ///< borrowed until the call returns
};

/// Where trees live: an archive and a cache of its checked nodes. Every operation on a tree takes
/// one. Copies share both. Thread-safe. The archive must outlive it.
class NodeSource final {
 public:
  static constexpr std::size_t kCacheBytesDefault = std::size_t{16} * 1024 * 1024;

  /// With a cache of its own.
  explicit NodeSource(Archive& archive, std::size_t cache_bytes_max = kCacheBytesDefault);
  /// With a cache that several sources use. A cached node counts as present in each of them, so
  /// share one only where that is right: an overlay may use the cache of the archive below it, not
  /// the other way round.
  NodeSource(Archive& archive, std::shared_ptr<NodeCache> cache);

  [[nodiscard]] Archive& archive() { return *archive_; }
  [[nodiscard]] const std::shared_ptr<NodeCache>& cache() const { return cache_; }

  /// One element per reference, in order; null where the block is absent. One read of the archive
  /// for all that the cache lacks. `corrupt` where a block is no node, or not the one that its
  /// parent describes.
  [[nodiscard]] Result<std::vector<NodePtr>> find(std::span<const NodeRef> refs,
                                                  const Context& context = {});

  /// The same for nodes that are all needed: `missing_blocks` names every absent one.
  [[nodiscard]] Result<std::vector<NodePtr>> load(std::span<const NodeRef> refs,
                                                  const Context& context = {});
  [[nodiscard]] Result<NodePtr> load_one(const NodeRef& ref, const Context& context = {});

 private:
  Archive* archive_;
  std::shared_ptr<NodeCache> cache_;
};

}  // namespace dialog
