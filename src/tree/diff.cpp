#include "dialog/tree/diff.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "diff_frontier.hpp"

namespace dialog {
namespace {

using detail::DiffFrontier;

/// Leaves of one side in memory at once.
constexpr std::size_t kWindowLeaves = 256;

/// The entries of one side's leaves, one after the other.
struct LeafStream {
  std::vector<DiffFrontier::Ref> refs;
  std::size_t read_end = 0;     // of refs that were read
  std::vector<NodePtr> window;  // the last ones of those
  std::size_t window_at = 0;
  NodePtr leaf;
  std::optional<EntryCursor> entry;
  Bytes last_key;
  bool started = false;

  [[nodiscard]] bool out() const { return window_at == window.size(); }
  [[nodiscard]] bool at_end() const { return !entry; }
  [[nodiscard]] bool needs_leaf() const { return !entry && !(out() && read_end == refs.size()); }

  /// Opens the next leaf of the window.
  Result<void> open() {
    leaf = std::move(window[window_at++]);
    entry.emplace(*leaf);
    if (started && entry->key() <= ByteView(last_key)) {
      return fail(ErrorCode::corrupt,
                  "block " + leaf->hash().hex() + " overlaps the node to the left of it");
    }
    started = true;
    last_key = Bytes(leaf->last_key());
    return {};
  }

  void step() {
    entry->next();
    if (entry->at_end()) entry.reset();
  }
};

}  // namespace

struct DiffCursor::State {
  State(NodeSource& from, const Hash& before, const Hash& after, Context with)
      : source(from), roots{before, after}, context(std::move(with)) {}

  Result<void> start() {
    DiffFrontier frontier(source, context);
    DIALOG_TRY(frontier.run(roots));
    tops = frontier.tops();
    for (std::size_t side = 0; side < sides.size(); ++side) {
      sides[side].refs = std::move(frontier.leaves(side));
    }
    return {};
  }

  /// Gives each side an entry, unless it has no more.
  Result<void> fill() {
    for (LeafStream& side : sides) {
      if (!side.needs_leaf()) continue;
      if (side.out()) DIALOG_TRY(read_windows());
      DIALOG_TRY(side.open());
    }
    return {};
  }

  /// Reads on, on both sides where both have run out, in one read.
  Result<void> read_windows() {
    std::array<std::size_t, 2> from{};
    std::vector<NodeRef> wanted;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      LeafStream& side = sides[i];
      from[i] = side.read_end;
      if (!side.out()) continue;
      side.window_at = 0;
      side.read_end = std::min(side.refs.size(), side.read_end + kWindowLeaves);
      side.window.assign(side.read_end - from[i], nullptr);
      for (std::size_t at = from[i]; at < side.read_end; ++at) {
        if (side.refs[at].hash == tops[i]->hash()) {
          side.window[at - from[i]] = tops[i];
        } else {
          wanted.push_back(side.refs[at].node_ref(0));
        }
      }
    }
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, source.find(wanted, context));
    auto node = nodes.begin();
    detail::MissingSet missing;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      for (std::size_t at = from[i]; at < sides[i].read_end; ++at) {
        NodePtr& place = sides[i].window[at - from[i]];
        if (!place) place = std::move(*node++);
        if (!place) missing.add(sides[i].refs[at].hash);
      }
    }
    if (missing.empty()) return {};
    DIALOG_TRY(note_absent_beyond_windows(missing));
    return missing.take();
  }

  Result<void> note_absent_beyond_windows(detail::MissingSet& missing) {
    std::vector<Hash> needed;
    for (const LeafStream& side : sides) {
      for (std::size_t at = side.read_end; at < side.refs.size(); ++at) {
        needed.push_back(side.refs[at].hash);
      }
    }
    if (needed.empty()) return {};
    DIALOG_ASSIGN(const std::vector<bool> present, source.archive().has(needed, context));
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (!present[i]) missing.add(needed[i]);
    }
    return {};
  }

  /// Puts the next difference into `change`; false where there is none.
  Result<bool> find_change() {
    for (;;) {
      DIALOG_TRY(fill());
      LeafStream& before = sides[0];
      LeafStream& after = sides[1];
      if (before.at_end() && after.at_end()) return false;
      const int order = before.at_end()  ? 1
                        : after.at_end() ? -1
                                         : before.entry->key().compare(after.entry->key());
      if (order != 0 || before.entry->payload() != after.entry->payload()) {
        step_before = order <= 0;
        step_after = order >= 0;
        break;
      }
      before.step();
      after.step();
    }
    change.before = step_before ? std::optional(sides[0].entry->value()) : std::nullopt;
    change.after = step_after ? std::optional(sides[1].entry->value()) : std::nullopt;
    change.key = step_before ? sides[0].entry->key() : sides[1].entry->key();
    return true;
  }

  NodeSource& source;
  const std::array<Hash, 2> roots;
  const Context context;
  std::array<NodePtr, 2> tops;
  std::array<LeafStream, 2> sides;
  bool started = false;
  bool step_before = false;
  bool step_after = false;
  Change change;
};

DiffCursor::DiffCursor(NodeSource& source, const Hash& before, const Hash& after, Context context)
    : state_(std::make_unique<State>(source, before, after, std::move(context))) {}

DiffCursor::~DiffCursor() = default;

Result<bool> DiffCursor::next() {
  State& state = *state_;
  if (!state.started) {
    DIALOG_TRY(state.start());
    state.started = true;
  }
  if (state.step_before) state.sides[0].step();
  if (state.step_after) state.sides[1].step();
  state.step_before = state.step_after = false;
  return state.find_change();
}

const Change& DiffCursor::change() const { return state_->change; }

Result<void> diff_trees(NodeSource& source, const Hash& before, const Hash& after,
                        const ChangeVisitor& visit, const Context& context) {
  DiffCursor cursor(source, before, after, context);
  for (;;) {
    DIALOG_ASSIGN(const bool found, cursor.next());
    if (!found || !visit(cursor.change())) return {};
  }
}

}  // namespace dialog
