#include <algorithm>
#include <numeric>
#include <utility>

#include "child_ref.hpp"
#include "dialog/tree/value.hpp"
#include "dialog/tree/walk.hpp"
#include "missing.hpp"
#include "node_end.hpp"

namespace dialog {
namespace {

/// A reference, and of an untrusted tree's index the hash of the value that it is to lead to.
struct Question {
  const BlockRef* ref;
  const Hash* value_hash = nullptr;
};

/// Questions that lead below the same node of the base, in the order of their keys.
struct Group {
  NodePtr node;
  std::optional<Bytes> lower;  // every key below is greater
  bool is_rightmost = true;
  std::vector<std::size_t> questions;
};

/// Where the base has a member.
struct Place {
  std::optional<Bytes> lower;
  bool is_rightmost = false;
};

}  // namespace

struct BaseIndex::State {
  State(NodeSource& from, const Hash& of) : source(from), root(of) {}
  NodeSource& source;
  const Hash root;
  detail::MissingSet absent;
};

namespace {

/// Answers one batch of questions, level by level.
class Descent {
 public:
  Descent(NodeSource& source, detail::MissingSet& absent, std::vector<Question> questions,
          const Context& context)
      : source_(source),
        absent_(absent),
        questions_(std::move(questions)),
        context_(context),
        answers_(questions_.size(), Membership::absent),
        places_(questions_.size()) {}

  Result<void> run(const Hash& root) {
    if (root.is_zero() || questions_.empty()) return {};
    const NodeRef top_ref{root, {}, {}, {}};
    DIALOG_ASSIGN(const std::vector<NodePtr> top, source_.find({&top_ref, 1}, context_));
    Group all{top.front(), {}, true, std::vector<std::size_t>(questions_.size())};
    std::iota(all.questions.begin(), all.questions.end(), std::size_t{0});
    std::sort(all.questions.begin(), all.questions.end(), [&](std::size_t a, std::size_t b) {
      return questions_[a].ref->key < questions_[b].ref->key;
    });
    if (!all.node) {
      // What names the root itself is a member all the same.
      lose(all, root);
      return {};
    }
    take_root(all);
    groups_.push_back(std::move(all));
    while (!groups_.empty()) DIALOG_TRY(descend());
    return read_indexes();
  }

  [[nodiscard]] std::vector<Membership>& answers() { return answers_; }
  [[nodiscard]] const Place& place(std::size_t question) const { return places_[question]; }

 private:
  void lose(const Group& group, const Hash& absent) {
    absent_.add(absent);
    for (const std::size_t question : group.questions) answers_[question] = Membership::unknown;
  }

  /// Answers what the root alone can: questions about its level and those above.
  void take_root(Group& all) {
    const auto above = [&](std::size_t question) {
      const BlockRef& ref = *questions_[question].ref;
      if (ref.kind != BlockKind::node || ref.level < all.node->level()) return false;
      if (ref.hash == all.node->hash() && ref.level == all.node->level() &&
          ref.key == all.node->last_key() && ref.size == all.node->size()) {
        answers_[question] = Membership::member;
        places_[question] = {std::nullopt, true};
      }
      return true;
    };
    std::erase_if(all.questions, above);
  }

  Result<void> descend() {
    std::vector<Group> below;
    detail::NodeRefs refs;
    for (const Group& group : groups_) {
      if (group.node->is_leaf()) {
        ask_leaf(group);
      } else {
        ask_inner(group, below, refs);
      }
    }
    groups_.clear();
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, source_.find(refs.all(), context_));
    detail::give_nodes(below, std::move(nodes),
                       [&](std::size_t at) { lose(below[at], refs.hash(at)); });
    groups_ = std::move(below);
    return {};
  }

  void ask_inner(const Group& group, std::vector<Group>& below, detail::NodeRefs& refs) {
    EntryCursor entry(*group.node);
    std::optional<std::size_t> opened;  // the entry to which the last element of `below` belongs
    for (const std::size_t question : group.questions) {
      const BlockRef& ref = *questions_[question].ref;
      const bool exact = entry.seek(ref.key);
      if (entry.at_end()) break;
      if (ref.kind == BlockKind::node && ref.level + 1 == group.node->level()) {
        const Child child = entry.child();
        if (exact && child.hash == ref.hash && child.size == ref.size) {
          answers_[question] = Membership::member;
          places_[question] = place_of(group, entry);
        }
        continue;
      }
      if (opened != entry.index()) {
        opened = entry.index();
        Place place = place_of(group, entry);
        below.push_back({nullptr, std::move(place.lower), place.is_rightmost, {}});
        refs.add(detail::child_ref(entry, group.node->level()));
      }
      below.back().questions.push_back(question);
    }
  }

  static Place place_of(const Group& group, const EntryCursor& entry) {
    Place place{group.lower, group.is_rightmost && entry.index() + 1 == group.node->count()};
    if (entry.index() > 0) {
      EntryCursor before(*group.node);
      before.seek_index(entry.index() - 1);
      place.lower = Bytes(before.key());
    }
    return place;
  }

  void ask_leaf(const Group& group) {
    EntryCursor entry(*group.node);
    for (const std::size_t question : group.questions) {
      const BlockRef& ref = *questions_[question].ref;
      const Hash* const value_hash = questions_[question].value_hash;
      if (!entry.seek(ref.key) || entry.value().is_inline()) continue;
      const ValueView value = entry.value();
      bool member = false;
      if (ref.kind == BlockKind::value_index) {
        member = value.is_chunked() && value.index() == ref.hash &&
                 value.size() == ref.size.bytes &&
                 (value_hash == nullptr || *value_hash == value.hash());
      } else if (!value.is_chunked()) {
        member = value.hash() == ref.hash && value.size() == ref.size.bytes;
      } else {
        by_index_.push_back({question, value.index(), value.size()});
      }
      if (member) answers_[question] = Membership::member;
    }
  }

  /// Chunks are listed by the index of the value that the base has for the key.
  Result<void> read_indexes() {
    std::vector<Hash> wanted;
    wanted.reserve(by_index_.size());
    for (const ByIndex& ask : by_index_) wanted.push_back(ask.index);
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    if (wanted.empty()) return {};
    DIALOG_ASSIGN(const auto blocks, source_.archive().get(wanted, context_));
    std::size_t at = 0;
    std::vector<Hash> chunks;
    for (std::size_t i = 0; i < by_index_.size(); ++i) {
      const ByIndex& ask = by_index_[i];
      if (i > 0 && ask.index != wanted[at]) ++at;
      if (!blocks[at]) {
        absent_.add(ask.index);
        answers_[ask.question] = Membership::unknown;
        continue;
      }
      DIALOG_ASSIGN(chunks, parse_value_index(*blocks[at], ask.value_bytes));
      if (has_chunk(chunks, ask.value_bytes, *questions_[ask.question].ref)) {
        answers_[ask.question] = Membership::member;
      }
    }
    return {};
  }

  static bool has_chunk(const std::vector<Hash>& chunks, std::uint64_t value_bytes,
                        const BlockRef& ref) {
    const std::uint64_t last = value_bytes - (chunks.size() - 1) * kTreeFormat.value_chunk_bytes;
    if (chunks.back() == ref.hash && ref.size.bytes == last) return true;
    return ref.size.bytes == kTreeFormat.value_chunk_bytes &&
           std::find(chunks.begin(), chunks.end() - 1, ref.hash) != chunks.end() - 1;
  }

  struct ByIndex {
    std::size_t question;
    Hash index;
    std::uint64_t value_bytes;
  };

  NodeSource& source_;
  detail::MissingSet& absent_;
  std::vector<Question> questions_;
  const Context& context_;
  std::vector<Membership> answers_;
  std::vector<Place> places_;
  std::vector<Group> groups_;
  std::vector<ByIndex> by_index_;
};

/// Whether a member of the base fits where an untrusted tree puts it.
class EdgeCheck {
 public:
  EdgeCheck(NodeSource& source, detail::MissingSet& absent, const Context& context)
      : source_(source), absent_(absent), context_(context) {}

  Result<Membership> run(const BlockExpectation& expected, const Place& place) {
    Membership answer = Membership::member;
    if (expected.lower && !(place.lower && *expected.lower <= *place.lower)) {
      DIALOG_ASSIGN(answer, check_left(expected));
    }
    if (answer == Membership::member && place.is_rightmost && !expected.is_rightmost) {
      DIALOG_ASSIGN(answer, check_right(expected));
    }
    return answer;
  }

 private:
  Result<NodePtr> find(const Hash& hash) {
    const NodeRef ref{hash, {}, {}, {}};
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, source_.find({&ref, 1}, context_));
    if (!nodes.front()) absent_.add(hash);
    return std::move(nodes.front());
  }

  static tl::unexpected<Error> misplaced(const BlockExpectation& expected, const char* fault) {
    return fail(ErrorCode::corrupt, "block " + expected.ref.hash.hex() + ": " + fault);
  }

  Result<Membership> check_left(const BlockExpectation& expected) {
    for (Hash at = expected.ref.hash;;) {
      DIALOG_ASSIGN(const NodePtr node, find(at));
      if (!node) return Membership::unknown;
      const EntryCursor first(*node);
      if (node->is_leaf()) {
        if (first.key() > ByteView(*expected.lower)) return Membership::member;
        return misplaced(expected, "it overlaps the node to the left of it");
      }
      at = first.child().hash;
    }
  }

  /// The last node of a level may end anywhere, and so may the last ones below it. Elsewhere none
  /// may.
  Result<Membership> check_right(const BlockExpectation& expected) {
    for (Hash at = expected.ref.hash;;) {
      DIALOG_ASSIGN(const NodePtr node, find(at));
      if (!node) return Membership::unknown;
      if (detail::find_end(*node) != detail::NodeEnd::proper) {
        return misplaced(expected, "it should have had more entries");
      }
      if (node->is_leaf()) return Membership::member;
      EntryCursor last(*node);
      last.seek_index(node->count() - 1);
      at = last.child().hash;
    }
  }

  NodeSource& source_;
  detail::MissingSet& absent_;
  const Context& context_;
};

}  // namespace

BaseIndex::BaseIndex(NodeSource& source, const Hash& root)
    : state_(std::make_unique<State>(source, root)) {}

BaseIndex::~BaseIndex() = default;

const Hash& BaseIndex::root() const { return state_->root; }

const std::vector<Hash>& BaseIndex::absent() const { return state_->absent.hashes(); }

Result<std::vector<Membership>> BaseIndex::contains(std::span<const BlockRef> refs,
                                                    const Context& context) {
  std::vector<Question> questions;
  questions.reserve(refs.size());
  for (const BlockRef& ref : refs) questions.push_back({&ref});
  Descent descent(state_->source, state_->absent, std::move(questions), context);
  DIALOG_TRY(descent.run(state_->root));
  return std::move(descent.answers());
}

Result<std::vector<Membership>> BaseIndex::contains(std::span<const BlockExpectation> blocks,
                                                    const Context& context) {
  State& state = *state_;
  std::vector<Membership> answers(blocks.size(), Membership::absent);
  std::vector<Question> questions;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!blocks[i].is_root) {
      questions.push_back({&blocks[i].ref, &blocks[i].value_hash});
      places.push_back(i);
    } else if (blocks[i].ref.hash == state.root) {
      answers[i] = Membership::member;
    }
  }
  Descent descent(state.source, state.absent, std::move(questions), context);
  DIALOG_TRY(descent.run(state.root));
  EdgeCheck edges(state.source, state.absent, context);
  for (std::size_t i = 0; i < places.size(); ++i) {
    Membership& answer = answers[places[i]];
    answer = descent.answers()[i];
    const BlockExpectation& block = blocks[places[i]];
    if (answer != Membership::member || block.ref.kind != BlockKind::node) continue;
    DIALOG_ASSIGN(answer, edges.run(block, descent.place(i)));
  }
  return answers;
}

}  // namespace dialog
