#include <map>

#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

using Entries = std::vector<std::pair<Bytes, Bytes>>;

Entries as_entries(const Model& model) { return {model.begin(), model.end()}; }

class TreeRead : public ::testing::Test {
 protected:
  void load(const Model& entries) {
    model = entries;
    root = build(archive, model);
    archive.forget_counts();
  }
  /// All keys, as far as they lie in [from, to).
  Entries slice(const Bytes& from, const Bytes& to) const {
    return {model.lower_bound(from), model.lower_bound(to)};
  }

  WatchedArchive archive;
  NodeSource source{archive, std::size_t{0}};
  Model model;
  Hash root;
};

TEST_F(TreeRead, TheEmptyTreeHasZerosForARootAndNoBlock) {
  load({});
  EXPECT_TRUE(root.is_zero());
  EXPECT_EQ(archive.inner.block_count(), 0U);
  EXPECT_EQ(get_value(source, root, "k").value(), std::nullopt);
  EXPECT_EQ(summarize_tree(source, root)->depth, 0U);
  EXPECT_TRUE(entries_of(source, root).empty());
  Cursor cursor(source, root);
  EXPECT_FALSE(cursor.seek_first().value());
  EXPECT_FALSE(cursor.seek_last().value());
  EXPECT_FALSE(cursor.seek("k").value());
  EXPECT_FALSE(cursor.seek_before("k").value());
  EXPECT_EQ(archive.get_calls, 0U);
}

TEST_F(TreeRead, OneEntryIsOneLeaf) {
  load({{"k", "v"}});
  EXPECT_EQ(archive.inner.block_count(), 1U);
  EXPECT_EQ(get_value(source, root, "k").value(), "v");
  EXPECT_EQ(get_value(source, root, "j").value(), std::nullopt);
  EXPECT_EQ(get_value(source, root, "l").value(), std::nullopt);
  const auto summary = summarize_tree(source, root);
  EXPECT_EQ(summary->depth, 1U);
  EXPECT_EQ(summary->size, (TreeSize{1, 2}));
}

TEST_F(TreeRead, TheEmptyKeyAndTheEmptyValueAreFine) {
  load({{"", ""}, {Bytes(1, '\0'), "zero"}});
  EXPECT_EQ(get_value(source, root, "").value(), "");
  EXPECT_EQ(get_value(source, root, ByteView("\0", 1)).value(), "zero");
  EXPECT_EQ(entries_of(source, root), as_entries(model));
}

TEST_F(TreeRead, KeysAreOrderedAsUnsignedBytes) {
  load({{"\x7f", "a"}, {"\x80", "b"}, {"\xff", "c"}, {"\xff\xff", "d"}});
  Entries expected = {{"\x7f", "a"}, {"\x80", "b"}, {"\xff", "c"}, {"\xff\xff", "d"}};
  EXPECT_EQ(entries_of(source, root), expected);
}

TEST_F(TreeRead, AGetReadsOneNodePerLevel) {
  load(numbered_entries(60'000));
  const std::size_t depth = depth_of(archive.inner, root);
  ASSERT_GE(depth, 3U);
  EXPECT_EQ(get_value(source, root, numbered("key", 31'415)).value(),
            model[numbered("key", 31'415)]);
  EXPECT_EQ(archive.got.size(), depth);
  archive.forget_counts();
  EXPECT_EQ(get_value(source, root, numbered("key", 31'415) + "x").value(), std::nullopt);
  EXPECT_EQ(archive.got.size(), depth);
}

TEST_F(TreeRead, ACachedNodeIsNotReadAgain) {
  load(numbered_entries(1'000));
  NodeSource cached(archive);
  ASSERT_TRUE(get_value(cached, root, numbered("key", 7)));
  archive.forget_counts();
  ASSERT_TRUE(get_value(cached, root, numbered("key", 7)));
  EXPECT_EQ(archive.get_calls, 0U);
  EXPECT_GT(cached.cache()->bytes(), 0U);
}

TEST_F(TreeRead, TheCacheStaysWithinItsBound) {
  load(numbered_entries(60'000));
  constexpr std::size_t kBound = 200'000;
  NodeSource cached(archive, kBound);
  for (std::uint64_t i = 0; i < 60'000; i += 50) {
    ASSERT_TRUE(get_value(cached, root, numbered("key", i)));
    ASSERT_LE(cached.cache()->bytes(), kBound);
  }
}

TEST_F(TreeRead, ManyKeysAreReadLevelByLevel) {
  load(numbered_entries(60'000));
  const std::size_t depth = depth_of(archive.inner, root);
  std::vector<Bytes> keys;
  for (std::uint64_t i = 0; i < 61'000; i += 999) keys.push_back(numbered("key", i));
  keys.insert(keys.begin(), "absent before all");
  keys.push_back("zzz absent after all");
  const std::vector<ByteView> views(keys.begin(), keys.end());
  const auto values = find_values(source, root, views);
  ASSERT_TRUE(values) << why(values);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ((*values)[i], stored(model, keys[i]));
  }
  EXPECT_EQ(archive.get_calls, depth);
}

TEST_F(TreeRead, ManyKeysMustAscend) {
  load(numbered_entries(10));
  EXPECT_EQ(code_of(find_values(source, root, std::vector<ByteView>{"b", "a"})),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(find_values(source, root, std::vector<ByteView>{"a", "a"})),
            ErrorCode::invalid_argument);
}

TEST_F(TreeRead, AbsentBlocksAreNamedAllAtOnce) {
  load(numbered_entries(60'000));
  std::vector<Bytes> keys = {numbered("key", 10), numbered("key", 20'000), numbered("key", 50'000)};
  const std::vector<ByteView> views(keys.begin(), keys.end());
  ASSERT_TRUE(find_values(source, root, views));
  const std::set<Hash> read(archive.got.begin(), archive.got.end());
  // Everything but the root is absent; each call tells what it needs, until it has it.
  archive.hidden = read;
  archive.hidden.erase(root);
  std::size_t calls = 0;
  for (;;) {
    const auto values = find_values(source, root, views);
    if (values) break;
    ASSERT_EQ(values.error().code, ErrorCode::missing_blocks);
    ASSERT_FALSE(values.error().missing.empty());
    for (const Hash& hash : values.error().missing) EXPECT_EQ(archive.hidden.erase(hash), 1U);
    ++calls;
  }
  EXPECT_EQ(calls, depth_of(archive.inner, root) - 1);
  EXPECT_TRUE(archive.hidden.empty());
}

TEST_F(TreeRead, ScansBothWaysWithinBounds) {
  load(numbered_entries(20'000));
  const Bytes from = numbered("key", 4'321);
  const Bytes to = numbered("key", 12'345);
  EXPECT_EQ(entries_of(source, root), as_entries(model));
  EXPECT_EQ(entries_of(source, root, {.from = from, .to = to}), slice(from, to));
  Entries backwards = slice(from, to);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(entries_of(source, root, {.from = from, .to = to, .reverse = true}), backwards);
  backwards.resize(7);
  EXPECT_EQ(entries_of(source, root, {.from = from, .to = to, .reverse = true, .limit = 7}),
            backwards);
  EXPECT_TRUE(entries_of(source, root, {.from = to, .to = from}).empty());
  EXPECT_TRUE(entries_of(source, root, {.from = from, .to = from}).empty());
  EXPECT_TRUE(entries_of(source, root, {.limit = 0}).empty());
}

TEST_F(TreeRead, ScansAPrefix) {
  load({{"a", ""},
        {"ab", "1"},
        {"ab\xff", "2"},
        {"ab\xff\xff", "3"},
        {"ac", "4"},
        {"\xff", "5"},
        {"\xff\xff", "6"}});
  EXPECT_EQ(entries_of(source, root, {.prefix = "ab"}).size(), 3U);
  EXPECT_EQ(entries_of(source, root, {.prefix = "ab\xff"}).size(), 2U);
  EXPECT_EQ(entries_of(source, root, {.prefix = "\xff"}).size(), 2U);
  EXPECT_EQ(entries_of(source, root, {.prefix = "\xff", .reverse = true}).front().second, "6");
  EXPECT_EQ(entries_of(source, root, {.from = "ab\xff", .prefix = "ab"}).size(), 2U);
  EXPECT_EQ(entries_of(source, root, {.to = "ab\xff", .prefix = "ab"}).size(), 1U);
  EXPECT_TRUE(entries_of(source, root, {.prefix = "b"}).empty());
}

TEST_F(TreeRead, AScanReadsEachNodeOnceAndLeavesTogether) {
  load(numbered_entries(60'000));
  ASSERT_EQ(entries_of(source, root).size(), model.size());
  EXPECT_EQ(archive.got.size(), archive.inner.block_count());
  EXPECT_LT(archive.get_calls * 10, archive.got.size());
  archive.forget_counts();
  ASSERT_EQ(entries_of(source, root, {.reverse = true}).size(), model.size());
  EXPECT_EQ(archive.got.size(), archive.inner.block_count());
}

TEST_F(TreeRead, AScanReadsNothingOutsideItsBounds) {
  load(numbered_entries(60'000));
  const std::size_t depth = depth_of(archive.inner, root);
  for (const bool reverse : {false, true}) {
    archive.forget_counts();
    const ScanRange one{
        .from = numbered("key", 30'000), .to = numbered("key", 30'001), .reverse = reverse};
    ASSERT_EQ(entries_of(source, root, one).size(), 1U);
    EXPECT_LE(archive.got.size(), depth + 1);
  }
}

TEST_F(TreeRead, AScanStopsWhenItsVisitorSaysSo) {
  load(numbered_entries(100));
  int visited = 0;
  ASSERT_TRUE(
      scan_tree(source, root, {}, [&](ByteView, const ValueView&) { return ++visited < 3; }));
  EXPECT_EQ(visited, 3);
}

TEST_F(TreeRead, ACursorGoesBothWays) {
  load(numbered_entries(5'000));
  Cursor cursor(source, root);
  ASSERT_TRUE(cursor.seek(numbered("key", 2'500)).value());
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(cursor.next().value());
  EXPECT_EQ(cursor.key(), numbered("key", 2'900));
  for (int i = 0; i < 800; ++i) ASSERT_TRUE(cursor.prev().value());
  EXPECT_EQ(cursor.key(), numbered("key", 2'100));
  EXPECT_EQ(cursor.value().value(), model[numbered("key", 2'100)]);
  ASSERT_TRUE(cursor.seek_first().value());
  EXPECT_FALSE(cursor.prev().value());
  EXPECT_FALSE(cursor.valid());
  ASSERT_TRUE(cursor.seek_last().value());
  EXPECT_EQ(cursor.key(), numbered("key", 4'999));
  EXPECT_FALSE(cursor.next().value());
}

TEST_F(TreeRead, ACursorSeeksTheNeighboursOfAbsentKeys) {
  load({{"b", "1"}, {"d", "2"}});
  Cursor cursor(source, root);
  ASSERT_TRUE(cursor.seek("c").value());
  EXPECT_EQ(cursor.key(), "d");
  ASSERT_TRUE(cursor.seek_before("d").value());
  EXPECT_EQ(cursor.key(), "b");
  ASSERT_TRUE(cursor.seek_before("z").value());
  EXPECT_EQ(cursor.key(), "d");
  EXPECT_FALSE(cursor.seek_before("b").value());
  EXPECT_FALSE(cursor.seek("e").value());
}

TEST_F(TreeRead, AScanThatLacksALeafNamesItAndThoseReadAhead) {
  load(numbered_entries(20'000));
  ASSERT_EQ(entries_of(source, root).size(), model.size());
  // All but the first leaf are absent.
  for (const Hash& hash : archive.got) archive.hidden.insert(hash);
  archive.hidden.erase(root);
  ASSERT_EQ(depth_of(archive.inner, root), 3U);
  std::size_t rounds = 0;
  for (;; ++rounds) {
    const auto scanned =
        scan_tree(source, root, {}, [](ByteView, const ValueView&) { return true; });
    if (scanned) break;
    ASSERT_EQ(scanned.error().code, ErrorCode::missing_blocks);
    for (const Hash& hash : scanned.error().missing) ASSERT_EQ(archive.hidden.erase(hash), 1U);
  }
  EXPECT_TRUE(archive.hidden.empty());
  EXPECT_LT(rounds, 20U);
}

TEST_F(TreeRead, ABlockThatIsNoNodeIsCorrupt) {
  const Block chunk = Block::of("just bytes");
  ASSERT_TRUE(archive.inner.put(std::vector{chunk}));
  EXPECT_EQ(code_of(get_value(source, chunk.hash(), "k")), ErrorCode::corrupt);
  EXPECT_EQ(code_of(summarize_tree(source, chunk.hash())), ErrorCode::corrupt);
}

TEST_F(TreeRead, AnAbsentRootIsMissing) {
  const auto value = get_value(source, Hash::of("nothing"), "k");
  ASSERT_EQ(code_of(value), ErrorCode::missing_blocks);
  EXPECT_EQ(value.error().missing, std::vector{Hash::of("nothing")});
}

}  // namespace
}  // namespace dialog::test
