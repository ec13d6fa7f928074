#include <gmock/gmock.h>
#include <map>

#include "dialog/tree/merge.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

using Maybe = std::optional<Bytes>;

/// Which of two values the default rule prefers is fixed by their hashes.
const Bytes kLesser = Hash::of("one") < Hash::of("two") ? "one" : "two";
const Bytes kGreater = kLesser == "one" ? "two" : "one";

class TreeMerge : public ::testing::Test {
 protected:
  static Model model_of(const Maybe& value) {
    Model model{{"other", "entry"}};
    if (value) model.emplace("k", *value);
    return model;
  }

  Result<MergeOutcome> merge(const Maybe& base, const Maybe& local, const Maybe& remote) {
    return merge_trees(source,
                       {build(archive, model_of(base)), build(archive, model_of(local)),
                        build(archive, model_of(remote))},
                       *policy);
  }

  /// The value that the key has after a merge.
  Maybe value_after(const Maybe& base, const Maybe& local, const Maybe& remote) {
    const auto outcome = merge(base, local, remote);
    EXPECT_TRUE(outcome) << why(outcome);
    EXPECT_TRUE(outcome && outcome->root);
    counts = outcome->counts;
    return get_value(source, *outcome->root, "k").value();
  }

  WatchedArchive archive;
  NodeSource source{archive, std::size_t{0}};
  std::unique_ptr<ConflictPolicy> policy = std::make_unique<DefaultPolicy>();
  MergeCounts counts;
};

TEST_F(TreeMerge, UnchangedLocallyTakesTheRemoteState) {
  EXPECT_EQ(value_after("b", "b", "b"), "b");
  EXPECT_EQ(value_after("b", "b", "r"), "r");
  EXPECT_EQ(value_after("b", "b", {}), std::nullopt);
  EXPECT_EQ(counts, MergeCounts{});
}

TEST_F(TreeMerge, ALocalUpdateStandsWhereTheRemoteDidNotChange) {
  EXPECT_EQ(value_after("b", "l", "b"), "l");
  EXPECT_EQ(counts.applied, 1U);
  EXPECT_EQ(counts.conflicts(), 0U);
}

TEST_F(TreeMerge, OfTwoUpdatesTheGreaterHashWins) {
  EXPECT_EQ(value_after("b", kGreater, kLesser), kGreater);
  EXPECT_EQ(counts.both_updated, 1U);
  EXPECT_EQ(counts.took_local, 1U);
  EXPECT_EQ(value_after("b", kLesser, kGreater), kGreater);
  EXPECT_EQ(counts.took_remote, 1U);
}

TEST_F(TreeMerge, AnUpdateBeatsADeletion) {
  EXPECT_EQ(value_after("b", "l", {}), "l");
  EXPECT_EQ(counts.update_delete, 1U);
  EXPECT_EQ(value_after("b", {}, "r"), "r");
  EXPECT_EQ(counts.delete_update, 1U);
}

TEST_F(TreeMerge, ALocalDeletionStandsWhereTheRemoteDidNotUpdate) {
  EXPECT_EQ(value_after("b", {}, "b"), std::nullopt);
  EXPECT_EQ(counts.applied, 1U);
  EXPECT_EQ(value_after("b", {}, {}), std::nullopt);
  EXPECT_EQ(counts.same, 1U);
}

TEST_F(TreeMerge, OfTwoAdditionsTheGreaterHashWins) {
  EXPECT_EQ(value_after({}, "l", {}), "l");
  EXPECT_EQ(value_after({}, kLesser, kGreater), kGreater);
  EXPECT_EQ(counts.both_added, 1U);
  EXPECT_EQ(value_after({}, kGreater, kLesser), kGreater);
  EXPECT_EQ(value_after({}, "same", "same"), "same");
  EXPECT_EQ(counts.same, 1U);
  EXPECT_EQ(counts.conflicts(), 0U);
}

TEST_F(TreeMerge, LargeValuesAreComparedByTheHashOfTheWhole) {
  const Bytes a(100'000, 'a');
  const Bytes b(3'000, 'b');
  const Bytes& expected = Hash::of(a) > Hash::of(b) ? a : b;
  EXPECT_EQ(value_after("base", a, b), expected);
  EXPECT_EQ(value_after("base", b, a), expected);
}

TEST_F(TreeMerge, OursAndTheirsTakeTheirSide) {
  policy = std::make_unique<OursPolicy>();
  EXPECT_EQ(value_after("b", "l", "r"), "l");
  EXPECT_EQ(value_after("b", {}, "r"), std::nullopt);
  policy = std::make_unique<TheirsPolicy>();
  EXPECT_EQ(value_after("b", "l", "r"), "r");
  EXPECT_EQ(value_after("b", "l", {}), std::nullopt);
}

TEST_F(TreeMerge, ACallbackMayGiveAnotherValueOrRemove) {
  policy = std::make_unique<CallbackPolicy>(
      [](const Conflict& conflict, NodeSource&) -> Result<Resolution> {
        EXPECT_EQ(conflict.key, "k");
        return Resolution{Resolution::Choice::value, Bytes(conflict.local->inline_bytes()) +
                                                         Bytes(conflict.remote->inline_bytes())};
      });
  EXPECT_EQ(value_after("b", "l", "r"), "lr");
  EXPECT_EQ(counts.took_other, 1U);
  policy = std::make_unique<CallbackPolicy>([](const Conflict&, NodeSource&) -> Result<Resolution> {
    return Resolution{Resolution::Choice::remove};
  });
  EXPECT_EQ(value_after("b", "l", "r"), std::nullopt);
}

TEST_F(TreeMerge, ACallbackMayGiveALargeValue) {
  const Bytes large(150'000, 'c');
  policy =
      std::make_unique<CallbackPolicy>([&](const Conflict&, NodeSource&) -> Result<Resolution> {
        return Resolution{Resolution::Choice::value, large};
      });
  EXPECT_EQ(value_after("b", "l", "r"), large);
}

TEST_F(TreeMerge, AnErrorOfACallbackEndsTheMerge) {
  policy = std::make_unique<CallbackPolicy>([](const Conflict&, NodeSource&) -> Result<Resolution> {
    return fail(ErrorCode::cancelled, "the user left");
  });
  EXPECT_EQ(code_of(merge("b", "l", "r")), ErrorCode::cancelled);
}

TEST_F(TreeMerge, ReportHandsConflictsOverAndMergesNothing) {
  policy = std::make_unique<ReportPolicy>();
  const auto outcome = merge("b", "l", {});
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(outcome->root, std::nullopt);
  EXPECT_EQ(outcome->counts.undecided, 1U);
  ASSERT_EQ(outcome->open.size(), 1U);
  EXPECT_EQ(outcome->open[0].kind, ConflictKind::update_delete);
  EXPECT_EQ(outcome->open[0].key, "k");
  EXPECT_EQ(outcome->open[0].base->view().inline_bytes(), "b");
  EXPECT_EQ(outcome->open[0].local->view().inline_bytes(), "l");
  EXPECT_EQ(outcome->open[0].remote, std::nullopt);
  EXPECT_EQ(value_after("b", "l", "b"), "l") << "without a conflict it merges";
}

TEST_F(TreeMerge, TheLastWriterWinsWhicheverSideItIs) {
  const auto time_of = [](ByteView value) -> std::optional<std::int64_t> {
    if (value.empty() || value[0] < '0' || value[0] > '9') return std::nullopt;
    return value[0] - '0';
  };
  policy = std::make_unique<LastWriterPolicy>(time_of);
  EXPECT_EQ(value_after("b", "3 l", "5 r"), "5 r");
  EXPECT_EQ(value_after("b", "5 l", "3 r"), "5 l");
  EXPECT_EQ(value_after("b", "no time", "0"), "0");
  const Bytes tie = Hash::of("7 x") > Hash::of("7 y") ? "7 x" : "7 y";
  EXPECT_EQ(value_after("b", "7 x", "7 y"), tie);
  EXPECT_EQ(value_after("b", "7 y", "7 x"), tie);
  EXPECT_EQ(value_after("b", {}, "1"), "1");
}

TEST_F(TreeMerge, TheLongestPrefixChoosesThePolicy) {
  auto prefixes = std::make_unique<PrefixPolicy>(std::make_unique<DefaultPolicy>());
  prefixes->set("", std::make_unique<TheirsPolicy>());
  prefixes->set("k", std::make_unique<OursPolicy>());
  prefixes->set("kk", std::make_unique<TheirsPolicy>());
  policy = std::move(prefixes);
  EXPECT_EQ(value_after("b", "l", "r"), "l");
}

/// More changes than a merge holds at a time, some of them in conflict.
class TreeMergeOfMany : public TreeMerge {
 protected:
  TreeMergeOfMany() {
    model_base = numbered_entries(30'000, 100);
    model_local = model_base;
    model_remote = model_base;
    for (std::uint64_t i = 0; i < 30'000; ++i) {
      const Bytes key = numbered("key", i);
      model_local[key][0] = 'V';
      if (i % 1'000 != 500) continue;
      model_remote[key] = "remote";
      conflicts.push_back(key);
    }
    model_local["key"] = "added first";
    model_local.erase(numbered("key", 12'345));
    input = {build(archive, model_base), build(archive, model_local), build(archive, model_remote)};
    archive.forget_counts();
  }

  Model model_base;
  Model model_local;
  Model model_remote;
  std::vector<Bytes> conflicts;
  MergeInput input;
};

TEST_F(TreeMergeOfMany, GivesTheRootOfWhatTheyComeTo) {
  policy = std::make_unique<TheirsPolicy>();
  const auto outcome = merge_trees(source, input, *policy);
  ASSERT_TRUE(outcome) << why(outcome);
  Model merged = model_local;
  for (const Bytes& key : conflicts) merged[key] = "remote";
  EXPECT_EQ(outcome->root, root_of(merged));
  EXPECT_EQ(outcome->counts.local_changes, 30'001U);
  EXPECT_EQ(outcome->counts.applied, 30'001U - conflicts.size());
  EXPECT_EQ(outcome->counts.took_remote, conflicts.size());
  EXPECT_GE(outcome->meter.nodes_written, node_hashes(archive.inner, *outcome->root).size() / 2);
}

TEST_F(TreeMergeOfMany, WritesTheFirstBeforeItReadsTheLast) {
  policy = std::make_unique<OursPolicy>();
  ASSERT_TRUE(merge_trees(source, input, *policy));
  const std::set<Hash> local = node_hashes(archive.inner, input.local);
  const auto first_put = archive.got.begin() + static_cast<std::ptrdiff_t>(archive.got_before_put);
  const auto read = std::count_if(archive.got.begin(), first_put,
                                  [&](const Hash& hash) { return local.contains(hash); });
  EXPECT_GT(read, 0);
  EXPECT_LT(static_cast<std::size_t>(read), local.size() * 3 / 4);
}

TEST_F(TreeMergeOfMany, HandsAllConflictsOverInOrder) {
  policy = std::make_unique<ReportPolicy>();
  const auto outcome = merge_trees(source, input, *policy, {.open_conflicts_max = 25});
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(outcome->root, std::nullopt);
  EXPECT_EQ(outcome->counts.local_changes, 30'001U);
  EXPECT_EQ(outcome->counts.undecided, conflicts.size());
  ASSERT_EQ(outcome->open.size(), 25U);
  for (std::size_t i = 0; i < 25; ++i) EXPECT_EQ(outcome->open[i].key, conflicts[i]);
}

TEST_F(TreeMergeOfMany, NamesTheAbsentBlocksOfAllTogether) {
  policy = std::make_unique<OursPolicy>();
  for (const BlockRef& ref : refs_of(*nodes_of(archive.inner, input.remote).front())) {
    archive.hidden.insert(ref.hash);
  }
  ASSERT_GT(archive.hidden.size(), 1U);
  const auto outcome = merge_trees(source, input, *policy);
  ASSERT_EQ(code_of(outcome), ErrorCode::missing_blocks);
  EXPECT_THAT(outcome.error().missing, testing::UnorderedElementsAreArray(archive.hidden));
}

TEST_F(TreeMerge, RefusesWhatKeysWereChosenToMakeCostly) {
  // Keys that never end a leaf before it must: one change moves every boundary to its right.
  Model mined;
  for (std::uint64_t i = 0; mined.size() < 9'000; ++i) {
    const Bytes key = numbered("mined", i);
    if (!ends_node(0, key, kTreeFormat.cut_bytes_max() - 80, kTreeFormat.cut_bytes_max() - 1)) {
      mined.emplace(key, Bytes(30, 'v'));
    }
  }
  const MergeInput input{Hash{}, build(archive, {{"mine", Bytes(500, 'x')}}),
                         build(archive, mined)};
  const auto refused = merge_trees(source, input, *policy, {.nodes_touched_base = 0});
  EXPECT_EQ(code_of(refused), ErrorCode::resource_exhausted);
  mined.emplace("mine", Bytes(500, 'x'));
  const auto merged = merge_trees(source, input, *policy);
  ASSERT_TRUE(merged) << why(merged);
  EXPECT_EQ(merged->root, root_of(mined));
}

TEST_F(TreeMerge, LooksOnlyAtWhatTheLocalSideChanged) {
  const Model base = numbered_entries(40'000);
  Model local = base;
  local[numbered("key", 20'000)] = "local";
  Model remote;
  for (const auto& [key, value] : base) remote.emplace(key, value + " of the remote");
  remote[numbered("key", 20'000)] = base.at(numbered("key", 20'000));
  const MergeInput input{build(archive, base), build(archive, local), build(archive, remote)};
  const std::size_t depth = depth_of(archive.inner, input.base);
  archive.forget_counts();
  const auto outcome = merge_trees(source, input, *policy);
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(get_value(source, *outcome->root, numbered("key", 20'000)).value(), "local");
  // Base and local along one path, the remote along one path, once to look and once to edit.
  EXPECT_LE(std::set<Hash>(archive.got.begin(), archive.got.end()).size(), 4 * depth);
}

}  // namespace
}  // namespace dialog::test
