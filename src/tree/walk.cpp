#include "dialog/tree/walk.hpp"

#include <algorithm>
#include <utility>

#include "dialog/tree/value.hpp"
#include "missing.hpp"

namespace dialog {
namespace {

/// Children that are read together.
constexpr std::size_t kWindowNodes = 64;

/// A node on the way from the root, with those of its children that are new.
struct Open {
  BlockRef self;
  std::vector<BlockRef> children;
  std::size_t next = 0;
  std::vector<NodePtr> window;  // of the children from window_at on
  std::size_t window_at = 0;
};

}  // namespace

struct NewBlockWalk::State {
  State(NodeSource& from, const Hash& of, std::vector<BaseIndex*> without)
      : source(from), root(of), bases(std::move(without)) {}

  Result<void> start(const Context& context) {
    if (root.is_zero()) return {};
    for (const BaseIndex* base : bases) {
      if (base->root() == root) return {};
    }
    DIALOG_ASSIGN(const NodePtr top, source.load_one({root, {}, {}, {}}, context));
    std::vector<BlockRef> self{
        {root, BlockKind::node, top->level(), Bytes(top->last_key()), top->size()}};
    DIALOG_TRY(drop_members(self, context));
    return self.empty() ? Result<void>{} : push(std::move(self.front()), *top, context);
  }

  Result<void> drop_members(std::vector<BlockRef>& refs, const Context& context) const {
    for (BaseIndex* base : bases) {
      if (refs.empty()) break;
      DIALOG_ASSIGN(const auto answers, base->contains(std::span<const BlockRef>(refs), context));
      std::size_t kept = 0;
      for (std::size_t i = 0; i < refs.size(); ++i) {
        if (answers[i] == Membership::member) continue;
        if (kept != i) refs[kept] = std::move(refs[i]);
        ++kept;
      }
      refs.resize(kept);
    }
    return {};
  }

  Result<void> push(BlockRef self, const Node& node, const Context& context) {
    Open open{std::move(self), refs_of(node), 0, {}, 0};
    DIALOG_TRY(drop_members(open.children, context));
    way.push_back(std::move(open));
    return {};
  }

  /// Lists one block, or goes one step towards the next one. A failed step can be repeated.
  Result<void> step(std::vector<BlockRef>& out, const Context& context) {
    Open& open = way.back();
    if (open.next == open.children.size()) {
      out.push_back(std::move(open.self));
      way.pop_back();
      return {};
    }
    BlockRef& child = open.children[open.next];
    switch (child.kind) {
      case BlockKind::value_chunk:
        out.push_back(std::move(child));
        break;
      case BlockKind::value_index:
        DIALOG_TRY(list_value(child, out, context));
        break;
      case BlockKind::node: {
        DIALOG_ASSIGN(const NodePtr node, load_child(open, context));
        // On success `open` is no longer the last one, and may have moved.
        const std::size_t depth = way.size() - 1;
        DIALOG_TRY(push(child, *node, context));
        ++way[depth].next;
        return {};
      }
    }
    ++open.next;
    return {};
  }

  Result<NodePtr> load_child(Open& open, const Context& context) {
    const std::size_t at = open.next - open.window_at;
    if (at < open.window.size()) return open.window[at];
    const std::size_t end = std::min(open.children.size(), open.next + kWindowNodes);
    std::vector<NodeRef> refs;
    for (std::size_t i = open.next; i < end; ++i) {
      const BlockRef& child = open.children[i];
      refs.push_back({child.hash, child.level, child.size, child.key});
    }
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, source.load(refs, context));
    open.window = std::move(nodes);
    open.window_at = open.next;
    return open.window.front();
  }

  Result<void> list_value(const BlockRef& index, std::vector<BlockRef>& out,
                          const Context& context) const {
    DIALOG_ASSIGN(const auto block, source.archive().get_one(index.hash, context));
    if (!block) return fail(missing_blocks({index.hash}));
    BlockExpectation expectation;
    expectation.ref = index;
    DIALOG_ASSIGN(const auto chunks, check_block(*block, expectation));
    std::vector<BlockRef> refs;
    refs.reserve(chunks.size());
    for (const BlockExpectation& chunk : chunks) refs.push_back(chunk.ref);
    DIALOG_TRY(drop_members(refs, context));
    std::move(refs.begin(), refs.end(), std::back_inserter(out));
    out.push_back(index);
    return {};
  }

  NodeSource& source;
  const Hash root;
  const std::vector<BaseIndex*> bases;
  bool started = false;
  std::vector<Open> way;  // from the root down
};

NewBlockWalk::NewBlockWalk(NodeSource& source, const Hash& root, std::vector<BaseIndex*> bases)
    : state_(std::make_unique<State>(source, root, std::move(bases))) {}

NewBlockWalk::~NewBlockWalk() = default;

Result<std::vector<BlockRef>> NewBlockWalk::next(std::size_t bytes_max, const Context& context) {
  State& state = *state_;
  if (!state.started) {
    DIALOG_TRY(state.start(context));
    state.started = true;
  }
  std::vector<BlockRef> out;
  std::size_t bytes = 0;
  for (std::size_t counted = 0; !state.way.empty() && (out.empty() || bytes < bytes_max);) {
    if (auto stepped = state.step(out, context); !stepped) {
      // What was listed before stands; the fault comes again with the next call.
      if (out.empty()) return fail(std::move(stepped).error());
      break;
    }
    for (; counted < out.size(); ++counted) bytes += out[counted].block_bytes_estimate();
  }
  return out;
}

}  // namespace dialog
