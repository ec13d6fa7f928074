#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "dialog/base/check.hpp"
#include "dialog/base/limits.hpp"
#include "dialog/cloud/s3_archive.hpp"
#include "support/fake_s3.hpp"
#include "support/subjects.hpp"

namespace dialog::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class S3ArchiveFaults : public testing::Test {
 protected:
  void connect(const S3Config& config) {
    auto made = S3Archive::create(config, {store_, &clock_, &system_random()}, subject_);
    DIALOG_CHECK(made.has_value(), "the archive of a test");
    archive_ = *std::move(made);
  }
  void SetUp() override { connect(store_->config()); }

  Result<void> put(const Block& block) { return archive_->put({&block, 1}); }
  std::string key(const Block& block) const {
    return "some/prefix/" + subject_.id().hex() + "/blocks/" + block.hash().hex();
  }

  ManualClock clock_;
  std::shared_ptr<FakeS3> store_ = std::make_shared<FakeS3>(clock_);
  const Subject subject_ = subject_named("one");
  const Block block_ = Block::of(Bytes("bytes"));
  std::unique_ptr<S3Archive> archive_;
};

TEST_F(S3ArchiveFaults, ABlockIsAnObjectOfItsVeryBytes) {
  ASSERT_TRUE(put(block_).has_value());
  EXPECT_THAT(store_->objects(), ElementsAre(std::pair(key(block_), Bytes(block_.bytes()))));
}

TEST_F(S3ArchiveFaults, EveryCallOfOneBlockIsOneRequest) {
  ASSERT_TRUE(put(block_).has_value());
  ASSERT_TRUE(archive_->has(std::vector{block_.hash(), block_.hash()}).has_value());
  ASSERT_TRUE(archive_->get(std::vector{block_.hash(), block_.hash()}).has_value());
  ASSERT_TRUE(archive_->flush().has_value());
  const std::string path = "/bucket/" + key(block_);
  EXPECT_THAT(store_->log(), ElementsAre("PUT " + path, "HEAD " + path, "GET " + path));
}

TEST_F(S3ArchiveFaults, EachPassingFaultIsSurvived) {
  for (const S3Fault fault :
       {S3Fault::unsent, S3Fault::lost_request, S3Fault::lost_answer, S3Fault::late,
        S3Fault::slow_down, S3Fault::failed_after, S3Fault::failed_before, S3Fault::conflict}) {
    const Block block = Block::of("fault " + std::to_string(static_cast<int>(fault)));
    store_->plan({fault});
    EXPECT_TRUE(put(block).has_value()) << static_cast<int>(fault);
    if (fault == S3Fault::conflict) continue;  // never the answer to a read
    store_->plan({fault});
    const auto found = archive_->get_one(block.hash());
    ASSERT_TRUE(found && *found) << static_cast<int>(fault);
    store_->plan({fault});
    EXPECT_EQ(archive_->has(std::vector{block.hash()}).value(), std::vector<bool>{true});
  }
}

TEST_F(S3ArchiveFaults, DamagedBytesAreNeverHandedOn) {
  ASSERT_TRUE(put(block_).has_value());
  store_->set_object(key(block_), "others");
  const auto found = archive_->get_one(block_.hash());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::corrupt);
}

TEST_F(S3ArchiveFaults, BytesThatTheWayDamagedAreNeverHandedOn) {
  ASSERT_TRUE(put(block_).has_value());
  store_->plan({S3Fault::damaged});
  EXPECT_EQ(archive_->get_one(block_.hash()).error().code, ErrorCode::corrupt);
  const auto again = archive_->get_one(block_.hash());
  ASSERT_TRUE(again && *again);
}

TEST_F(S3ArchiveFaults, ABlockIsThereOnlyWhereTheStoreItselfSaysSo) {
  ASSERT_TRUE(put(block_).has_value());
  EXPECT_TRUE(put(block_).has_value());
  // 412, with the body of somebody else.
  store_->plan({S3Fault::damaged});
  EXPECT_FALSE(put(block_).has_value());
}

TEST_F(S3ArchiveFaults, AnObjectThatIsTooLargeForABlockIsNoBlock) {
  store_->set_object(key(block_), Bytes(kBlockBytesMax + 1, 'x'));
  EXPECT_FALSE(archive_->get_one(block_.hash()).has_value());
}

TEST_F(S3ArchiveFaults, AMissingBucketIsNotAnEmptyArchive) {
  store_->has_bucket = false;
  EXPECT_EQ(archive_->get_one(block_.hash()).error().code, ErrorCode::not_a_remote);
  EXPECT_EQ(put(block_).error().code, ErrorCode::not_a_remote);
}

TEST_F(S3ArchiveFaults, WithoutTheRightsItIsUnauthorized) {
  S3Config config = store_->config();
  config.credentials.access_key = "somebody";
  connect(config);
  EXPECT_EQ(archive_->get_one(block_.hash()).error().code, ErrorCode::unauthorized);
  EXPECT_EQ(put(block_).error().code, ErrorCode::unauthorized);
  EXPECT_EQ(archive_->has(std::vector{block_.hash()}).error().code, ErrorCode::unauthorized);
}

TEST_F(S3ArchiveFaults, AStoreThatStaysAwayIsUnavailable) {
  store_->on_request([](const HttpRequest&) { return S3Fault::slow_down; });
  EXPECT_EQ(put(block_).error().code, ErrorCode::unavailable);
  EXPECT_EQ(archive_->get_one(block_.hash()).error().code, ErrorCode::unavailable);
  EXPECT_THAT(store_->log(), SizeIs(10)) << "five attempts each";
}

}  // namespace
}  // namespace dialog::test
