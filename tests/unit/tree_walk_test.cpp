#include "dialog/tree/walk.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

/// Every reference of a tree, with what its parent expects of it.
std::vector<BlockExpectation> expectations_of(Archive& archive, const Hash& root) {
  std::vector<BlockExpectation> all;
  std::vector<BlockExpectation> next;
  if (!root.is_zero()) next.push_back(expect_root(root));
  while (!next.empty()) {
    BlockExpectation one = std::move(next.back());
    next.pop_back();
    const auto children = check_block(**archive.get_one(one.ref.hash), one);
    EXPECT_TRUE(children) << why(children);
    next.insert(next.end(), children->begin(), children->end());
    all.push_back(std::move(one));
  }
  return all;
}

std::set<Hash> all_hashes(Archive& archive, const Hash& root) {
  std::set<Hash> hashes;
  for (const BlockExpectation& one : expectations_of(archive, root)) hashes.insert(one.ref.hash);
  return hashes;
}

class TreeWalk : public ::testing::Test {
 protected:
  std::vector<BlockRef> walk(const Hash& root, std::vector<BaseIndex*> bases,
                             std::size_t bytes_max = 50'000) {
    NewBlockWalk blocks(source, root, std::move(bases));
    std::vector<BlockRef> all;
    for (;;) {
      const auto some = blocks.next(bytes_max);
      EXPECT_TRUE(some) << why(some);
      if (!some || some->empty()) return all;
      all.insert(all.end(), some->begin(), some->end());
    }
  }

  WatchedArchive archive;
  NodeSource source{archive};
};

TEST_F(TreeWalk, EveryBlockOfABaseIsAMemberOfIt) {
  Model model = numbered_entries(20'000);
  model["large"] = Bytes(200'000, 'x') + Bytes(1'000, 'y');
  model["middle"] = Bytes(10'000, 'z');
  const Hash root = build(archive, model);
  BaseIndex base(source, root);
  std::vector<BlockExpectation> all = expectations_of(archive, root);
  const auto members = base.contains(std::span<const BlockExpectation>(all));
  ASSERT_TRUE(members) << why(members);
  for (const Membership answer : *members) EXPECT_EQ(answer, Membership::member);
  std::vector<BlockRef> refs;
  for (const BlockExpectation& one : all) {
    if (!one.is_root) refs.push_back(one.ref);
  }
  const auto again = base.contains(std::span<const BlockRef>(refs));
  ASSERT_TRUE(again);
  for (const Membership answer : *again) EXPECT_EQ(answer, Membership::member);
  EXPECT_TRUE(base.absent().empty());
}

TEST_F(TreeWalk, PresenceInTheArchiveIsNotMembership) {
  const Hash root = build(archive, numbered_entries(20'000));
  Model other = numbered_entries(20'000, 21);
  const Hash stranger = build(archive, other);
  BaseIndex base(source, root);
  const std::vector<BlockExpectation> all = expectations_of(archive, stranger);
  const auto members = base.contains(std::span<const BlockExpectation>(all));
  ASSERT_TRUE(members) << why(members);
  for (const Membership answer : *members) EXPECT_EQ(answer, Membership::absent);
}

TEST_F(TreeWalk, ABlockInAnotherRoleIsNoMember) {
  Model model = numbered_entries(20'000);
  model["middle"] = Bytes(10'000, 'z');
  const Hash root = build(archive, model);
  BaseIndex base(source, root);
  for (const BlockExpectation& one : expectations_of(archive, root)) {
    if (one.is_root) continue;
    std::vector<BlockRef> wrong(4, one.ref);
    wrong[0].level = static_cast<std::uint8_t>(one.ref.level + 1);
    wrong[0].kind = BlockKind::node;
    wrong[1].key += "x";
    ++wrong[2].size.bytes;
    wrong[3].kind = one.ref.kind == BlockKind::node ? BlockKind::value_chunk : BlockKind::node;
    const auto members = base.contains(std::span<const BlockRef>(wrong));
    ASSERT_TRUE(members) << why(members);
    for (const Membership answer : *members) ASSERT_EQ(answer, Membership::absent);
  }
}

TEST_F(TreeWalk, AnIndexUnderAnotherValueHashIsNoMember) {
  Model model = numbered_entries(1'000);
  model["large"] = Bytes(200'000, 'x');
  const Hash root = build(archive, model);
  BaseIndex base(source, root);
  std::vector<BlockExpectation> all = expectations_of(archive, root);
  const auto index = std::find_if(all.begin(), all.end(), [](const BlockExpectation& one) {
    return one.ref.kind == BlockKind::value_index;
  });
  ASSERT_NE(index, all.end());
  const auto answer = [&](const Hash& value_hash) {
    BlockExpectation asked = *index;
    asked.value_hash = value_hash;
    const auto members = base.contains(std::span<const BlockExpectation>(&asked, 1));
    EXPECT_TRUE(members) << why(members);
    return members ? members->front() : Membership::unknown;
  };
  EXPECT_EQ(answer(Hash::of(model["large"])), Membership::member);
  EXPECT_EQ(answer(Hash::of("another value")), Membership::absent);
  EXPECT_EQ(answer(Hash{}), Membership::absent);
}

TEST_F(TreeWalk, NothingIsAMemberOfTheEmptyTree) {
  const Hash root = build(archive, numbered_entries(1'000));
  BaseIndex base(source, Hash{});
  const std::vector<BlockExpectation> all = expectations_of(archive, root);
  const auto members = base.contains(std::span<const BlockExpectation>(all));
  ASSERT_TRUE(members);
  for (const Membership answer : *members) EXPECT_EQ(answer, Membership::absent);
}

TEST_F(TreeWalk, WhatAnAbsentBlockOfTheBaseWouldTellIsUnknown) {
  const Hash root = build(archive, numbered_entries(20'000));
  const std::vector<BlockExpectation> all = expectations_of(archive, root);
  const auto inner = std::find_if(all.begin(), all.end(), [](const BlockExpectation& one) {
    return !one.is_root && one.ref.level == 1;
  });
  ASSERT_NE(inner, all.end());
  archive.hidden.insert(inner->ref.hash);
  NodeSource fresh(archive);
  BaseIndex base(fresh, root);
  const auto members = base.contains(std::span<const BlockExpectation>(all));
  ASSERT_TRUE(members) << why(members);
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool below = all[i].ref.level == 0 && all[i].ref.key <= inner->ref.key &&
                       (!inner->lower || all[i].ref.key > *inner->lower);
    EXPECT_EQ((*members)[i], !all[i].is_root && below ? Membership::unknown : Membership::member);
    unknown += (*members)[i] == Membership::unknown ? 1 : 0;
  }
  EXPECT_GT(unknown, 5U);
  EXPECT_EQ(base.absent(), std::vector{inner->ref.hash});
}

TEST_F(TreeWalk, AMemberThatOverlapsItsNewNeighbourIsCorrupt) {
  const Hash root = build(archive, numbered_entries(20'000));
  BaseIndex base(source, root);
  for (BlockExpectation one : expectations_of(archive, root)) {
    if (one.is_root) continue;
    // As far right as the first key of the subtree: too far.
    NodePtr node = *source.load_one({one.ref.hash, {}, {}, {}});
    while (!node->is_leaf()) node = *source.load_one({EntryCursor(*node).child().hash, {}, {}, {}});
    const Bytes first(EntryCursor(*node).key());
    one.lower = first;
    EXPECT_EQ(code_of(base.contains(std::span<const BlockExpectation>(&one, 1))),
              ErrorCode::corrupt);
    // One less is fine.
    one.lower = first.substr(0, first.size() - 1);
    const auto fits = base.contains(std::span<const BlockExpectation>(&one, 1));
    ASSERT_TRUE(fits) << why(fits);
    EXPECT_EQ(fits->front(), Membership::member);
  }
}

TEST_F(TreeWalk, ARightmostMemberThatIsOpenFitsNowhereElse) {
  const Hash root = build(archive, numbered_entries(20'000));
  BaseIndex base(source, root);
  std::size_t refused = 0;
  for (BlockExpectation one : expectations_of(archive, root)) {
    if (one.is_root || !one.is_rightmost) continue;
    one.is_rightmost = false;
    EXPECT_EQ(code_of(base.contains(std::span<const BlockExpectation>(&one, 1))),
              ErrorCode::corrupt);
    ++refused;
  }
  EXPECT_EQ(refused, depth_of(archive.inner, root) - 1);
}

TEST_F(TreeWalk, WithoutABaseAllBlocksComeOnceAndChildrenFirst) {
  Model model = numbered_entries(20'000);
  model["large"] = Bytes(200'000, 'x') + Bytes(1'000, 'y');
  model["middle"] = Bytes(10'000, 'z');
  const Hash root = build(archive, model);
  const std::vector<BlockRef> all = walk(root, {});
  EXPECT_EQ(all.back().hash, root);
  std::set<Hash> seen;
  for (const BlockRef& ref : all) {
    if (ref.kind == BlockKind::node) {
      const NodePtr node = *Node::parse(**archive.inner.get_one(ref.hash));
      EXPECT_EQ(node->level(), ref.level);
      EXPECT_EQ(node->size(), ref.size);
      for (const BlockRef& child : refs_of(*node)) EXPECT_TRUE(seen.contains(child.hash));
    }
    seen.insert(ref.hash);
  }
  EXPECT_EQ(seen, all_hashes(archive, root));
}

TEST_F(TreeWalk, ListsExactlyWhatTheBasesDoNotHave) {
  for_each_seed(15, [&](Generator& generator) {
    const Model start = generator.chance(1, 2) ? numbered_entries(20'000) : deep_entries(500, 900);
    Model model = start;
    Bytes large = generator.bytes(150'000);
    model["large"] = large;
    const Hash base_root = build(archive, model);
    test::apply(model, generator.edits(model, generator.between(1, 30)));
    const Hash second_root = build(archive, model);
    test::apply(model, generator.edits(model, generator.between(1, 30)));
    large[100'000] ^= 1;
    model["large"] = large;
    const Hash root = build(archive, model);

    BaseIndex base(source, base_root);
    BaseIndex second(source, second_root);
    std::set<Hash> listed;
    for (const BlockRef& ref : walk(root, {&base, &second})) listed.insert(ref.hash);
    std::set<Hash> expected = all_hashes(archive, root);
    for (const Hash& have : {base_root, second_root}) {
      for (const Hash& hash : all_hashes(archive, have)) expected.erase(hash);
    }
    EXPECT_TRUE(listed == expected);
    EXPECT_TRUE(walk(root, {&base, &second}).size() >= listed.size());
    BaseIndex same(source, root);
    EXPECT_TRUE(walk(root, {&same}).empty());
  });
}

TEST_F(TreeWalk, ReadsOnlyWhatIsNew) {
  Model model = numbered_entries(40'000);
  const Hash base_root = build(archive, model);
  model[numbered("key", 20'000)] = "changed";
  const Hash root = build(archive, model);
  const std::size_t depth = depth_of(archive.inner, root);
  NodeSource fresh(archive);
  BaseIndex base(fresh, base_root);
  archive.forget_counts();
  NewBlockWalk blocks(fresh, root, {&base});
  const auto all = blocks.next(1'000'000);
  ASSERT_TRUE(all) << why(all);
  EXPECT_EQ(all->size(), depth);
  // Each new node once; of the base the way to the change, without its leaf.
  EXPECT_LE(archive.got.size(), 2 * depth - 1);
}

TEST_F(TreeWalk, ListsAtMostAboutWhatItWasAskedFor) {
  const Hash root = build(archive, numbered_entries(20'000));
  NewBlockWalk blocks(source, root, {});
  std::size_t calls = 0;
  for (;; ++calls) {
    const auto some = blocks.next(20'000);
    ASSERT_TRUE(some);
    if (some->empty()) break;
    EXPECT_LE(some->size(), 5U);
  }
  EXPECT_GT(calls, 20U);
}

TEST_F(TreeWalk, GoesOnAfterAbsentBlocksCame) {
  Model model = numbered_entries(20'000);
  model["large"] = Bytes(200'000, 'x');
  const Hash root = build(archive, model);
  const std::set<Hash> expected = all_hashes(archive, root);
  archive.hidden = node_hashes(archive.inner, root);
  archive.hidden.insert(split_value(model["large"])->stored.view().index());
  NodeSource fresh(archive);
  NewBlockWalk blocks(fresh, root, {});
  std::set<Hash> listed;
  for (;;) {
    const auto some = blocks.next(100'000);
    if (!some) {
      ASSERT_EQ(some.error().code, ErrorCode::missing_blocks);
      for (const Hash& hash : some.error().missing) ASSERT_EQ(archive.hidden.erase(hash), 1U);
      continue;
    }
    if (some->empty()) break;
    for (const BlockRef& ref : *some) listed.insert(ref.hash);
  }
  EXPECT_EQ(listed, expected);
}

TEST_F(TreeWalk, TheEmptyTreeHasNoBlocks) { EXPECT_TRUE(walk(Hash{}, {}).empty()); }

TEST_F(TreeWalk, ATreeThatIsASubtreeOfTheBaseHasNothingNew) {
  const Hash base_root = build(archive, numbered_entries(20'000));
  for (const NodePtr& node : nodes_of(archive.inner, base_root)) {
    BaseIndex base(source, base_root);
    EXPECT_TRUE(walk(node->hash(), {&base}).empty());
  }
}

}  // namespace
}  // namespace dialog::test
