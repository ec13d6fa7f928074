#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "dialog/base/disk.hpp"
#include "support/memory_disk.hpp"
#include "support/seeds.hpp"

namespace dialog {
namespace {

using test::MemoryDisk;
using Loss = MemoryDisk::Loss;

TEST(ParentOf, IsTheFolderPartOfAPath) {
  EXPECT_EQ(parent_of("/a/b/c"), "/a/b");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("a"), ".");
  EXPECT_EQ(parent_of("a/b"), "a");
}

Bytes content(Disk& disk, const std::string& path) {
  const auto bytes = read_file(disk, path, 1 << 20);
  return bytes ? *bytes : "absent";
}

/// How many calls a `write_file` makes.
std::uint64_t calls_of_a_write(Replace replace) {
  MemoryDisk disk;
  EXPECT_TRUE(write_file(disk, system_random(), "/d/file", "new", replace));
  return disk.calls();
}

TEST(WriteFile, SurvivesAPowerCutOnceItReturned) {
  test::for_each_seed(50, [](test::Generator& generator) {
    for (const Loss loss : {Loss::everything, Loss::anything}) {
      MemoryDisk disk;
      ASSERT_TRUE(write_file(disk, system_random(), "/d/file", "old", Replace::no));
      disk.crash(generator, loss);
      EXPECT_EQ(content(disk, "/d/file"), "old");
      ASSERT_TRUE(write_file(disk, system_random(), "/d/file", "new", Replace::yes));
      disk.crash(generator, loss);
      EXPECT_EQ(content(disk, "/d/file"), "new");
    }
  });
}

TEST(WriteFile, IsOldOrNewWhereverItIsCut) {
  const std::uint64_t calls = calls_of_a_write(Replace::yes);
  std::set<Bytes> outcomes;
  test::for_each_seed(40, [&](test::Generator& generator) {
    for (std::uint64_t cut = 1; cut <= calls; ++cut) {
      MemoryDisk disk;
      ASSERT_TRUE(write_file(disk, system_random(), "/d/file", "old", Replace::no));
      disk.halt_at(cut);
      ASSERT_FALSE(write_file(disk, system_random(), "/d/file", "new and longer", Replace::yes));
      disk.crash(generator, Loss::anything);
      outcomes.insert(content(disk, "/d/file"));
    }
  });
  EXPECT_THAT(outcomes, ::testing::ElementsAre("new and longer", "old"));
}

TEST(WriteFile, IsNewOrAbsentWhereverItsFirstWriteIsCut) {
  const std::uint64_t calls = calls_of_a_write(Replace::no);
  std::set<Bytes> outcomes;
  test::for_each_seed(40, [&](test::Generator& generator) {
    for (std::uint64_t cut = 1; cut <= calls; ++cut) {
      MemoryDisk disk;
      disk.halt_at(cut);
      ASSERT_FALSE(write_file(disk, system_random(), "/d/file", "new", Replace::no));
      disk.crash(generator, Loss::anything);
      outcomes.insert(content(disk, "/d/file"));
    }
  });
  EXPECT_THAT(outcomes, ::testing::ElementsAre("absent", "new"));
}

TEST(WriteFile, ReportsWhicheverCallFails) {
  for (const Replace replace : {Replace::no, Replace::yes}) {
    const std::uint64_t calls = calls_of_a_write(replace);
    for (std::uint64_t call = 1; call <= calls; ++call) {
      MemoryDisk disk;
      disk.fail_call(call, ErrorCode::storage_full);
      const auto written = write_file(disk, system_random(), "/d/file", "new", replace);
      ASSERT_FALSE(written) << "call " << call;
      EXPECT_EQ(written.error().code, ErrorCode::storage_full);
    }
  }
}

TEST(WriteFile, LeavesNothingBehindWhereItFails) {
  // Opening, writing, syncing and renaming; after the last the file is there, and only its name
  // unsynced.
  for (std::uint64_t call = 1; call <= 4; ++call) {
    MemoryDisk disk;
    disk.fail_call(call, ErrorCode::storage_full);
    ASSERT_FALSE(write_file(disk, system_random(), "/d/file", "new", Replace::yes));
    EXPECT_THAT(*disk.list("/d"), ::testing::IsEmpty()) << "call " << call;
  }
}

TEST(MemoryDisk, LosesWhatWasNotSynced) {
  test::Generator generator(1);
  MemoryDisk disk;
  {
    const auto file = disk.open("/d/file", Disk::Open::fresh);
    ASSERT_TRUE((*file)->write(0, "synced"));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(disk.sync_folder("/d"));
    ASSERT_TRUE((*file)->write(0, "SYNCED and more"));
  }
  disk.crash(generator, Loss::everything);
  EXPECT_EQ(content(disk, "/d/file"), "synced");
}

TEST(MemoryDisk, LosesASyncedFileWhoseNameWasNotSynced) {
  test::Generator generator(1);
  MemoryDisk disk;
  {
    const auto file = disk.open("/d/file", Disk::Open::fresh);
    ASSERT_TRUE((*file)->write(0, "synced"));
    ASSERT_TRUE((*file)->sync());
  }
  disk.crash(generator, Loss::everything);
  EXPECT_EQ(content(disk, "/d/file"), "absent");
}

TEST(MemoryDisk, LosesNothingWhereOnlyTheProcessDies) {
  test::Generator generator(1);
  MemoryDisk disk;
  ASSERT_TRUE((*disk.open("/d/file", Disk::Open::fresh))->write(0, "unsynced"));
  disk.crash(generator, Loss::nothing);
  EXPECT_EQ(content(disk, "/d/file"), "unsynced");
}

TEST(MemoryDisk, TearsWrites) {
  std::set<Bytes> outcomes;
  test::for_each_seed(100, [&](test::Generator& generator) {
    MemoryDisk disk;
    const auto file = disk.open("/d/file", Disk::Open::fresh);
    ASSERT_TRUE(disk.sync_folder("/d"));
    ASSERT_TRUE((*file)->write(0, "abcd"));
    disk.crash(generator, Loss::anything);
    outcomes.insert(content(disk, "/d/file"));
  });
  EXPECT_THAT(outcomes, ::testing::IsSupersetOf({Bytes(""), Bytes("ab"), Bytes("abcd")}));
}

}  // namespace
}  // namespace dialog
