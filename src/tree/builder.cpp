#include "dialog/tree/builder.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "block_batch.hpp"
#include "dialog/base/check.hpp"
#include "dialog/tree/node_writer.hpp"
#include "layout.hpp"

namespace dialog {
namespace {

constexpr std::size_t kHashedAtOnce = 64;

}  // namespace

struct TreeBuilder::State {
  State(Archive& archive, Context context) : batch(archive, std::move(context)) {
    levels.emplace_back(std::uint8_t{0});
  }

  /// A node that ended, and what its parent will say of it beside its hash.
  struct Ended {
    Bytes last_key;
    TreeSize size;
  };

  struct Level {
    explicit Level(std::uint8_t level) : writer(level) {}
    NodeWriter writer;
    // Until there are enough to hash them together.
    std::vector<Bytes> nodes;
    std::vector<Ended> ended;
    std::optional<Hash> last_node;  // the last one that was hashed

    [[nodiscard]] bool has_ended_nodes() const { return last_node || !nodes.empty(); }
  };

  Result<void> check_key(ByteView key) const {
    DIALOG_CHECK(!finished, "a builder was used after finish");
    if (key.size() > kKeyBytesMax) {
      return fail(ErrorCode::too_large, "a key of " + std::to_string(key.size()) +
                                            " bytes is longer than " +
                                            std::to_string(kKeyBytesMax));
    }
    if (size.entries > 0 && key <= ByteView(last_key)) {
      return fail(ErrorCode::invalid_argument,
                  "the keys of a tree to build do not strictly ascend");
    }
    return {};
  }

  Result<void> append(ByteView key, const ValueView& value) {
    ++size.entries;
    size.bytes += key.size() + value.size();
    last_key.assign(key);
    return levels.front().writer.add(key, value) ? close(0) : Result<void>{};
  }

  /// Ends the open node of `level`.
  Result<void> close(std::size_t level) {
    Level& here = levels[level];
    here.ended.push_back({Bytes(here.writer.last_key()), here.writer.size()});
    here.nodes.push_back(here.writer.finish_unhashed());
    return here.nodes.size() < kHashedAtOnce ? Result<void>{} : enter(level);
  }

  /// Enters the nodes of `level` that ended on the level above, some of which may end in turn.
  Result<void> enter(std::size_t level) {
    if (levels[level].nodes.empty()) return {};
    if (level + 1 == levels.size()) {
      if (level == kTreeFormat.level_max) {
        return fail(ErrorCode::resource_exhausted, "the tree would have too many levels");
      }
      levels.emplace_back(static_cast<std::uint8_t>(level + 1));
    }
    std::vector<Block> blocks = Block::of_each(std::exchange(levels[level].nodes, {}));
    const std::vector<Ended> ended = std::exchange(levels[level].ended, {});
    levels[level].last_node = blocks.back().hash();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const Child child{blocks[i].hash(), ended[i].size};
      DIALOG_TRY(batch.add(std::move(blocks[i])));
      if (levels[level + 1].writer.add(ended[i].last_key, child)) DIALOG_TRY(close(level + 1));
    }
    return {};
  }

  detail::BlockBatch batch;
  std::deque<Level> levels;
  TreeSize size;
  Bytes last_key;
  Bytes payload;  // of the entry that is added
  bool finished = false;
};

TreeBuilder::TreeBuilder(Archive& archive, Context context)
    : state_(std::make_unique<State>(archive, std::move(context))) {}

TreeBuilder::~TreeBuilder() = default;

Result<void> TreeBuilder::add(ByteView key, ByteView value) {
  DIALOG_TRY(state_->check_key(key));
  if (value.size() <= kTreeFormat.inline_value_bytes_max) {
    state_->payload.clear();
    detail::put_inline_value(state_->payload, value);
    return state_->append(key, ValueView(state_->payload));
  }
  DIALOG_ASSIGN(SplitValue split, split_value(value));
  for (Block& block : split.blocks) DIALOG_TRY(state_->batch.add(std::move(block)));
  return state_->append(key, split.stored.view());
}

Result<Hash> TreeBuilder::finish() {
  State& state = *state_;
  DIALOG_CHECK(!state.finished, "a builder was finished twice");
  state.finished = true;
  if (state.size.entries == 0) return Hash{};
  Hash root;
  for (std::size_t level = 0;; ++level) {
    State::Level& open = state.levels[level];
    if (open.has_ended_nodes()) {
      if (!open.writer.empty()) DIALOG_TRY(state.close(level));
      DIALOG_TRY(state.enter(level));
      continue;
    }
    // The highest level so far. The root is the first level with a single node, which may be the
    // one below.
    if (level > 0 && open.writer.count() == 1) {
      root = *state.levels[level - 1].last_node;
    } else {
      Block top = open.writer.finish();
      root = top.hash();
      DIALOG_TRY(state.batch.add(std::move(top)));
    }
    break;
  }
  DIALOG_TRY(state.batch.flush());
  return root;
}

const TreeSize& TreeBuilder::size() const { return state_->size; }

}  // namespace dialog
