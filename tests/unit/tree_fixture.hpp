#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/tree/block_ref.hpp"
#include "dialog/tree/builder.hpp"
#include "dialog/tree/cursor.hpp"
#include "dialog/tree/edit.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/read.hpp"
#include "support/generator.hpp"
#include "support/seeds.hpp"

namespace dialog::test {

/// Counts the reads of another archive, and can forget blocks.
class WatchedArchive final : public Archive {
 public:
  MemoryArchive inner;
  std::size_t get_calls = 0;
  std::vector<Hash> got;           ///< every hash that was asked for, with repeats
  std::vector<Hash> put;           ///< every block that came, with repeats
  std::set<Hash> hidden;           ///< these count as absent
  std::size_t got_before_put = 0;  ///< hashes that were asked for when the first block came

  void forget_counts() {
    get_calls = 0;
    got.clear();
    put.clear();
  }

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override {
    ++get_calls;
    got.insert(got.end(), hashes.begin(), hashes.end());
    DIALOG_ASSIGN(auto blocks, inner.get(hashes, context));
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (hidden.contains(hashes[i])) blocks[i].reset();
    }
    return blocks;
  }
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override {
    if (put.empty()) got_before_put = got.size();
    for (const Block& block : blocks) {
      put.push_back(block.hash());
      hidden.erase(block.hash());
    }
    return inner.put(blocks, context);
  }
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override {
    DIALOG_ASSIGN(auto present, inner.has(hashes, context));
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (hidden.contains(hashes[i])) present[i] = false;
    }
    return present;
  }
  Result<void> do_flush(const Context&) override { return {}; }
};

/// For sizes and indexes, which have 32 bits in WebAssembly: uniform in [0, bound).
inline std::size_t below(Generator& generator, std::size_t bound) {
  return static_cast<std::size_t>(generator.below(bound));
}

/// The message of an error, for `ASSERT_TRUE(result) << why(result)`.
template <class T>
std::string why(const Result<T>& result) {
  return result ? ""
                : std::string(error_row(result.error().code).name) + ": " + result.error().message;
}

template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

inline Hash build(Archive& archive, const Model& model) {
  TreeBuilder builder(archive);
  for (const auto& [key, value] : model) {
    const auto added = builder.add(key, value);
    EXPECT_TRUE(added) << why(added);
  }
  const auto root = builder.finish();
  EXPECT_TRUE(root) << why(root);
  return root.value_or(Hash{});
}

/// What a tree's leaf holds for a key; absent where the model has none.
inline std::optional<StoredValue> stored(const Model& model, const Bytes& key) {
  const auto at = model.find(key);
  return at == model.end() ? std::nullopt : std::optional(split_value(at->second)->stored);
}

/// The root that a build from nothing gives, anywhere.
inline Hash root_of(const Model& model) {
  MemoryArchive archive;
  return build(archive, model);
}

/// Often a key of the model, or the beginning of one.
inline Bytes some_bound(Generator& generator, const Model& model) {
  if (model.empty() || generator.chance(1, 3)) return generator.key();
  Bytes key =
      std::next(model.begin(), static_cast<std::ptrdiff_t>(below(generator, model.size())))->first;
  if (generator.chance(1, 3)) key.resize(below(generator, key.size() + 1));
  if (generator.chance(1, 4)) key.push_back('\0');
  return key;
}

inline std::size_t depth_of(Archive& archive, const Hash& root) {
  NodeSource source(archive);
  const auto summary = summarize_tree(source, root);
  EXPECT_TRUE(summary) << why(summary);
  return summary ? summary->depth : 0;
}

/// All entries, in the order of the scan.
inline std::vector<std::pair<Bytes, Bytes>> entries_of(NodeSource& source, const Hash& root,
                                                       const ScanRange& range = {}) {
  std::vector<std::pair<Bytes, Bytes>> entries;
  const auto scanned = scan_tree(source, root, range, [&](ByteView key, const ValueView& value) {
    const auto loaded = load_value(source, value);
    EXPECT_TRUE(loaded) << why(loaded);
    entries.emplace_back(key, loaded.value_or(Bytes{}));
    return true;
  });
  EXPECT_TRUE(scanned) << why(scanned);
  return entries;
}

inline std::vector<Edit> sorted_edits(std::vector<KeyEdit> edits) {
  std::sort(edits.begin(), edits.end(),
            [](const KeyEdit& a, const KeyEdit& b) { return a.key < b.key; });
  std::vector<Edit> sorted;
  for (KeyEdit& edit : edits) sorted.push_back({std::move(edit.key), std::move(edit.value)});
  return sorted;
}

/// The nodes of a tree, from the root down.
inline std::vector<NodePtr> nodes_of(Archive& archive, const Hash& root) {
  NodeSource source(archive);
  std::vector<NodePtr> nodes;
  std::vector<Hash> next;
  if (!root.is_zero()) next.push_back(root);
  while (!next.empty()) {
    std::vector<NodeRef> refs;
    for (const Hash& hash : next) refs.push_back({hash, {}, {}, {}});
    next.clear();
    const auto found = source.load(refs);
    EXPECT_TRUE(found) << why(found);
    if (!found) break;
    for (const NodePtr& node : *found) {
      nodes.push_back(node);
      if (node->is_leaf()) continue;
      for (const BlockRef& ref : refs_of(*node)) next.push_back(ref.hash);
    }
  }
  return nodes;
}

inline std::set<Hash> node_hashes(Archive& archive, const Hash& root) {
  std::set<Hash> hashes;
  for (const NodePtr& node : nodes_of(archive, root)) hashes.insert(node->hash());
  return hashes;
}

/// Zero-padded, so that the order of numbers is that of keys.
inline Bytes numbered(const char* prefix, std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 8 ? 8 - digits.size() : 0, '0');
  return prefix + digits;
}

/// `count` entries with short numbered keys and values that differ.
inline Model numbered_entries(std::size_t count, std::size_t value_bytes = 20) {
  Model model;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes value = numbered("value", i);
    value.resize(value_bytes, '.');
    model.emplace(numbered("key", i), std::move(value));
  }
  return model;
}

/// Few entries but several levels: with long keys, inner nodes have few children.
inline Model deep_entries(std::size_t count, std::size_t key_bytes = 600) {
  Model model;
  for (std::size_t i = 0; i < count; ++i) {
    // The part that differs comes first, so that keys share little.
    Generator generator(i * 7919 + 1);
    Bytes key = generator.bytes(key_bytes);
    model.emplace(std::move(key), numbered("v", i));
  }
  return model;
}

}  // namespace dialog::test
