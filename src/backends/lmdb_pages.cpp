#include "lmdb_pages.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <sys/stat.h>
#include <type_traits>
#include <unistd.h>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "folder.hpp"

namespace dialog::lmdb {
namespace {

// LMDB's file format, version 1, on a 64-bit machine; its numbers are in the byte order of the
// machine.
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kMetaBytes = 136;
constexpr std::size_t kNodeHeaderBytes = 8;
constexpr std::size_t kTreeBytes = 48;
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr int kDepthMax = 32;

// Flags of a page.
constexpr std::uint16_t kBranch = 1;
constexpr std::uint16_t kLeaf = 2;
constexpr std::uint16_t kOverflow = 4;

// Flags of a node.
constexpr std::uint16_t kBigData = 1;
constexpr std::uint16_t kSubTree = 2;
constexpr std::uint16_t kDuplicates = 4;

template <class Number>
Number number_at(ByteView bytes, std::size_t offset) {
  static_assert(std::is_unsigned_v<Number>);
  Number number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

struct Tree {
  std::uint64_t entries;
  std::uint64_t root;
};

Tree tree_at(ByteView bytes, std::size_t offset) {
  return {number_at<std::uint64_t>(bytes, offset + 32),
          number_at<std::uint64_t>(bytes, offset + 40)};
}

struct Meta {
  std::uint64_t transaction;
  std::uint64_t last_page;
  Tree free_pages;
  Tree main;
};

/// The keys that may stand in a subtree. An absent end is open.
struct Bounds {
  ByteView first;
  std::optional<ByteView> end;
};

struct Node {
  std::uint16_t flags;
  ByteView key;
  ByteView data;             ///< of a leaf, unless it lies in pages of its own
  std::uint64_t child;       ///< of a branch, or the first of the pages of its own
  std::uint32_t data_bytes;  ///< of a leaf
};

using MetaBytes = std::array<char, kHeaderBytes + kMetaBytes>;

Result<void> read_meta(int file, const std::string& name, std::size_t at, MetaBytes& meta) {
  const ssize_t got = pread(file, meta.data(), meta.size(), static_cast<off_t>(at));
  if (got == static_cast<ssize_t>(meta.size())) return {};
  return fail(system_failure(got < 0 ? errno : EIO, "read " + name));
}

class PageCheck {
 public:
  PageCheck(int file, const std::string& name, std::size_t page_bytes, std::uint64_t file_bytes,
            PageScope scope)
      : file_(file),
        name_(name),
        page_bytes_(page_bytes),
        pages_in_file_(file_bytes / page_bytes),
        scope_(scope) {}

  Result<void> run(const Meta& meta) {
    page_count_ = meta.last_page + 1;
    used_.assign(page_count_, false);
    DIALOG_TRY(check_tree(meta.main, true));
    if (scope_ == PageScope::tables) return {};
    return check_tree(meta.free_pages, false);
  }

 private:
  tl::unexpected<Error> damaged(std::uint64_t page, std::string_view what) const {
    std::string message = name_ + " is damaged: page " + std::to_string(page) + " ";
    message.append(what).append("; restore it or clone it again");
    return fail(ErrorCode::corrupt, std::move(message));
  }

  Result<void> use(std::uint64_t page, std::uint64_t count) {
    if (page < 2 || page >= page_count_ || count > page_count_ - page) {
      return damaged(page, "lies outside the database");
    }
    for (std::uint64_t i = page; i < page + count; ++i) {
      if (used_[i]) return damaged(i, "is used twice");
      used_[i] = true;
    }
    return {};
  }

  Result<Bytes> read(std::uint64_t page, std::uint64_t count) {
    DIALOG_TRY(use(page, count));
    if (page + count > pages_in_file_) return damaged(page, "is missing: the file is truncated");
    Bytes bytes(count * page_bytes_, '\0');
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t got = pread(file_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(page * page_bytes_ + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return fail(system_failure(got == 0 ? EIO : errno, "read " + name_));
      done += static_cast<std::size_t>(got);
    }
    if (number_at<std::uint64_t>(bytes, 0) != page) return damaged(page, "bears another number");
    return bytes;
  }

  // `keyed`: keys are bytes in order, and leaves may hold the roots of further trees. Otherwise it
  // is the tree of free pages: its keys are numbers, its data lists of pages.
  Result<void> check_tree(const Tree& tree, bool keyed) {
    std::uint64_t entries = 0;
    if (tree.root != kNoPage) DIALOG_TRY(check_page(tree.root, {}, keyed, 0, entries));
    if (entries == tree.entries) return {};
    return damaged(tree.root, "is the root of a tree that has lost entries");
  }

  Result<void> check_page(std::uint64_t number, const Bounds& bounds, bool keyed, int depth,
                          std::uint64_t& entries) {
    if (depth > kDepthMax) return damaged(number, "lies too deep");
    DIALOG_ASSIGN(const Bytes page, read(number, 1));
    const auto flags = number_at<std::uint16_t>(page, 10);
    if (flags != kBranch && flags != kLeaf) return damaged(number, "is no part of a tree");
    DIALOG_ASSIGN(const std::vector<Node> nodes, nodes_of(number, page, flags == kBranch));
    if (nodes.empty()) return damaged(number, "is empty");
    if (keyed) DIALOG_TRY(check_order(number, nodes, bounds, flags == kBranch));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (flags == kLeaf) {
        ++entries;
        DIALOG_TRY(check_leaf_node(number, nodes[i], keyed));
        continue;
      }
      Bounds inner = bounds;
      if (i > 0) inner.first = nodes[i].key;
      if (i + 1 < nodes.size()) inner.end = nodes[i + 1].key;
      DIALOG_TRY(check_page(nodes[i].child, inner, keyed, depth + 1, entries));
    }
    return {};
  }

  Result<std::vector<Node>> nodes_of(std::uint64_t number, ByteView page, bool branch) const {
    const std::size_t lower = number_at<std::uint16_t>(page, 12);
    const std::size_t upper = number_at<std::uint16_t>(page, 14);
    if (lower < kHeaderBytes || lower % 2 != 0 || lower > upper || upper > page.size()) {
      return damaged(number, "has no readable header");
    }
    std::vector<Node> nodes;
    for (std::size_t at = kHeaderBytes; at < lower; at += 2) {
      const std::size_t offset = number_at<std::uint16_t>(page, at);
      if (offset < upper || offset + kNodeHeaderBytes > page.size()) {
        return damaged(number, "has a node outside itself");
      }
      const std::uint64_t low = number_at<std::uint32_t>(page, offset);
      const auto flags = number_at<std::uint16_t>(page, offset + 4);
      const std::size_t key_bytes = number_at<std::uint16_t>(page, offset + 6);
      const std::size_t data_at = offset + kNodeHeaderBytes + key_bytes;
      const bool elsewhere = !branch && (flags & kBigData) != 0;
      const std::size_t inside = branch ? 0 : elsewhere ? sizeof(std::uint64_t) : low;
      if (data_at > page.size() || inside > page.size() - data_at) {
        return damaged(number, "has a node that reaches beyond its end");
      }
      Node node{branch ? std::uint16_t{0} : flags,
                page.substr(offset + kNodeHeaderBytes, key_bytes),
                {},
                0,
                static_cast<std::uint32_t>(low)};
      if (branch) {
        node.child = low | std::uint64_t{flags} << 32;
      } else if (elsewhere) {
        node.child = number_at<std::uint64_t>(page, data_at);
      } else {
        node.data = page.substr(data_at, inside);
      }
      nodes.push_back(node);
    }
    return nodes;
  }

  Result<void> check_order(std::uint64_t number, const std::vector<Node>& nodes,
                           const Bounds& bounds, bool branch) const {
    // The first key of a branch stands for everything below the second.
    for (std::size_t i = branch ? 1 : 0; i < nodes.size(); ++i) {
      const ByteView key = nodes[i].key;
      const bool after = i == 0 || (branch && i == 1) || nodes[i - 1].key < key;
      if (!after || key < bounds.first || (bounds.end && key >= *bounds.end)) {
        return damaged(number, "has keys out of order");
      }
    }
    return {};
  }

  Result<void> check_leaf_node(std::uint64_t number, const Node& node, bool keyed) {
    if ((node.flags & kDuplicates) != 0) return damaged(number, "has a node of unknown kind");
    Bytes elsewhere;
    ByteView data = node.data;
    if ((node.flags & kBigData) != 0) {
      DIALOG_ASSIGN(elsewhere, read_large(node));
      data = ByteView(elsewhere).substr(kHeaderBytes, node.data_bytes);
    }
    if (!keyed) return check_free_list(number, data);
    if ((node.flags & kSubTree) == 0) return {};
    if (data.size() != kTreeBytes) return damaged(number, "has no readable table");
    return scope_ == PageScope::tables ? Result<void>() : check_tree(tree_at(data, 0), true);
  }

  // Where a value shrinks within the transaction that wrote it, it keeps the pages that it had.
  Result<Bytes> read_large(const Node& node) {
    const std::uint64_t needed = (kHeaderBytes + node.data_bytes - 1) / page_bytes_ + 1;
    DIALOG_ASSIGN(Bytes pages, read(node.child, needed));
    const std::uint64_t held = number_at<std::uint32_t>(pages, 12);
    if (number_at<std::uint16_t>(pages, 10) != kOverflow || held < needed) {
      return damaged(node.child, "does not begin a large value");
    }
    if (held > needed) DIALOG_TRY(use(node.child + needed, held - needed));
    return pages;
  }

  Result<void> check_free_list(std::uint64_t number, ByteView list) {
    const std::uint64_t count =
        list.size() < sizeof(std::uint64_t) ? 0 : number_at<std::uint64_t>(list, 0);
    if (list.size() % sizeof(std::uint64_t) != 0 || list.size() / sizeof(std::uint64_t) <= count) {
      return damaged(number, "has no readable list of free pages");
    }
    for (std::uint64_t i = 1; i <= count; ++i) {
      DIALOG_TRY(use(number_at<std::uint64_t>(list, i * sizeof(std::uint64_t)), 1));
    }
    return {};
  }

  const int file_;
  const std::string& name_;
  const std::size_t page_bytes_;
  const std::uint64_t pages_in_file_;
  const PageScope scope_;
  std::uint64_t page_count_ = 0;
  std::vector<bool> used_;
};

}  // namespace

Result<void> check_pages(int file, const std::string& name, std::uint64_t snapshot,
                         PageScope scope) {
  std::size_t page_bytes = 0;
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    MetaBytes first;
    MetaBytes second;
    DIALOG_TRY(read_meta(file, name, which * page_bytes, first));
    DIALOG_TRY(read_meta(file, name, which * page_bytes, second));
    const ByteView bytes(first.data(), first.size());
    constexpr std::size_t kTrees = kHeaderBytes + 24;
    page_bytes = number_at<std::uint32_t>(bytes, kTrees);
    const Meta meta{number_at<std::uint64_t>(bytes, kHeaderBytes + 128),
                    number_at<std::uint64_t>(bytes, kHeaderBytes + 120), tree_at(bytes, kTrees),
                    tree_at(bytes, kTrees + kTreeBytes)};
    // Two equal readings are not halves of two states.
    if (meta.transaction != snapshot || first != second) continue;
    struct stat status{};
    if (fstat(file, &status) != 0) return fail(system_failure(errno, "read " + name));
    const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
    // The file may end early where its last pages are free, but not by so much.
    constexpr std::uint64_t kMissingMax = std::uint64_t{1} << 24;
    if (page_bytes < 256 || page_bytes > 65536 ||
        meta.last_page >= file_bytes / page_bytes + kMissingMax) {
      return fail(ErrorCode::corrupt, name + " is damaged: its first pages make no sense");
    }
    return PageCheck(file, name, page_bytes, file_bytes, scope).run(meta);
  }
  return fail(ErrorCode::busy, name + " is being written; try again");
}

}  // namespace dialog::lmdb
