#include "disk_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "support/seeds.hpp"

namespace dialog::test {

TEST_P(DiskConformance, ReadsWhatWasWritten) {
  make("a", "hello");
  EXPECT_EQ(content("a"), "hello");
}

TEST_P(DiskConformance, AFreshFileIsEmptyAndMustNotExist) {
  const auto file = open("a", Disk::Open::fresh);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->size(), 0U);
  const auto again = disk().open(path("a"), Disk::Open::fresh);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
}

TEST_P(DiskConformance, AnExistingFileMustExist) {
  const auto file = disk().open(path("a"), Disk::Open::existing);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::not_found);
}

TEST_P(DiskConformance, WritesAnywhere) {
  make("a", "0123456789");
  const auto file = open("a", Disk::Open::existing);
  ASSERT_NE(file, nullptr);
  ASSERT_TRUE(file->write(3, "abc"));
  ASSERT_TRUE(file->write(9, "xyz"));
  EXPECT_EQ(content("a"), "012abc678xyz");
}

TEST_P(DiskConformance, FillsGapsWithZeros) {
  const auto file = open("a", Disk::Open::fresh);
  ASSERT_NE(file, nullptr);
  ASSERT_TRUE(file->write(3, "x"));
  EXPECT_EQ(content("a"), Bytes("\0\0\0x", 4));
}

TEST_P(DiskConformance, ResizesBothWays) {
  make("a", "0123456789");
  const auto file = open("a", Disk::Open::existing);
  ASSERT_NE(file, nullptr);
  ASSERT_TRUE(file->resize(4));
  ASSERT_TRUE(file->resize(6));
  EXPECT_EQ(content("a"), Bytes("0123\0\0", 6));
  EXPECT_EQ(file->size(), 6U);
}

TEST_P(DiskConformance, ReadsFewerBytesOnlyAtTheEnd) {
  make("a", "0123456789");
  const auto file = open("a", Disk::Open::existing);
  ASSERT_NE(file, nullptr);
  std::string buffer(4, '-');
  EXPECT_EQ(file->read(2, buffer), 4U);
  EXPECT_EQ(buffer, "2345");
  EXPECT_EQ(file->read(8, buffer), 2U);
  EXPECT_EQ(buffer, "8945");
  EXPECT_EQ(file->read(10, buffer), 0U);
  EXPECT_EQ(file->read(1000, buffer), 0U);
}

TEST_P(DiskConformance, RenamesOverAnotherFile) {
  make("a", "new");
  make("b", "old");
  ASSERT_TRUE(disk().rename(path("a"), path("b")));
  EXPECT_EQ(content("b"), "new");
  EXPECT_THAT(names(), ::testing::ElementsAre("b"));
}

TEST_P(DiskConformance, AnOpenFileSurvivesItsName) {
  make("a", "old");
  const auto file = open("a", Disk::Open::existing);
  ASSERT_NE(file, nullptr);
  make("b", "new");
  ASSERT_TRUE(disk().rename(path("b"), path("a")));
  std::string buffer(3, '-');
  EXPECT_EQ(file->read(0, buffer), 3U);
  EXPECT_EQ(buffer, "old");
}

TEST_P(DiskConformance, LinksOnlyToAFreeName) {
  make("a", "a");
  make("b", "b");
  expect_code(disk().link(path("a"), path("b")), ErrorCode::already_exists);
  EXPECT_EQ(content("b"), "b");
  ASSERT_TRUE(disk().link(path("a"), path("c")));
  ASSERT_TRUE(disk().remove(path("a")));
  EXPECT_EQ(content("c"), "a");
}

TEST_P(DiskConformance, RemovesAName) {
  make("a", "a");
  ASSERT_TRUE(disk().remove(path("a")));
  EXPECT_THAT(names(), ::testing::IsEmpty());
  expect_code(disk().remove(path("a")), ErrorCode::not_found);
}

TEST_P(DiskConformance, NeedsTheNamesItIsGiven) {
  expect_code(disk().rename(path("a"), path("b")), ErrorCode::not_found);
  expect_code(disk().link(path("a"), path("b")), ErrorCode::not_found);
}

TEST_P(DiskConformance, ListsNamesInOrder) {
  make("c", "");
  make("a", "");
  make("b", "");
  EXPECT_THAT(names(), ::testing::ElementsAre("a", "b", "c"));
}

TEST_P(DiskConformance, SyncsFilesAndFolders) {
  const auto file = open("a", Disk::Open::fresh);
  ASSERT_NE(file, nullptr);
  EXPECT_TRUE(file->sync());
  EXPECT_TRUE(disk().sync_folder(folder()));
}

TEST_P(DiskConformance, WholeFilesAreReplacedOrNot) {
  ASSERT_TRUE(write_file(disk(), system_random(), path("a"), "one", Replace::no));
  expect_code(write_file(disk(), system_random(), path("a"), "two", Replace::no),
              ErrorCode::already_exists);
  EXPECT_EQ(content("a"), "one");
  ASSERT_TRUE(write_file(disk(), system_random(), path("a"), "two", Replace::yes));
  EXPECT_EQ(content("a"), "two");
  EXPECT_THAT(names(), ::testing::ElementsAre("a")) << "no temporary file stays";
}

TEST_P(DiskConformance, RefusesToReadTooMuch) {
  make("a", "0123456789");
  EXPECT_EQ(read_file(disk(), path("a"), 10), "0123456789");
  const auto bytes = read_file(disk(), path("a"), 9);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::too_large);
}

}  // namespace dialog::test
