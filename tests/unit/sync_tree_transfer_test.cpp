#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "dialog/archive/memory_archive.hpp"
#include "tree_transfer.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

TEST(TreeTransfer, FetchesReadsAndChecksAValueOnceWhateverKeysHaveIt) {
  constexpr std::size_t kKeys = 500;
  const SplitValue large = *split_value(Bytes(100'000, 'l'));
  const SplitValue middle = *split_value(Bytes(3'000, 'm'));
  Model model;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    model[numbered("large", i)] = Bytes(100'000, 'l');
    model[numbered("middle", i)] = Bytes(3'000, 'm');
  }
  MemoryArchive remote;
  const Hash root = build(remote, model);
  WatchedArchive quarantine;
  MemoryArchive local;
  OverlayArchive overlay(quarantine, local);
  TreeTransfer transfer(overlay, root, {}, TreeTransfer::Absent::fetched, {});
  std::vector<Hash> fetched;
  for (;;) {
    const auto wanted = transfer.advance();
    ASSERT_TRUE(wanted) << why(wanted);
    if (wanted->empty()) break;
    fetched.insert(fetched.end(), wanted->begin(), wanted->end());
    ASSERT_TRUE(transfer.supply(*wanted, *remote.get(*wanted)));
  }
  EXPECT_EQ(fetched.size(), remote.block_count());
  EXPECT_EQ(quarantine.inner.block_count(), remote.block_count());
  const auto reads_of = [&](const Hash& hash) {
    return std::count(quarantine.got.begin(), quarantine.got.end(), hash);
  };
  EXPECT_EQ(reads_of(middle.blocks.front().hash()), 1) << "whether it is there";
  EXPECT_EQ(reads_of(large.blocks.back().hash()), 2) << "and for the whole value";
  EXPECT_EQ(reads_of(large.blocks.front().hash()), 2);
}

}  // namespace
}  // namespace dialog::test
