#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dialog/base/check.hpp"
#include "dialog/cloud/s3_archives.hpp"
#include "dialog/cloud/s3_register.hpp"
#include "dialog/cloud/s3_revocations.hpp"
#include "dialog/remote/composed_server_store.hpp"
#include "support/acting_clock.hpp"
#include "support/fake_s3.hpp"
#include "support/subjects.hpp"

namespace dialog::test {
namespace {

/// What a bucket keeps of a subject, and how it goes.
class S3Removal : public testing::Test {
 protected:
  HttpTransport transport() { return {store_, &clock_, &system_random()}; }
  std::shared_ptr<S3Register> heads() {
    auto made = S3Register::create(store_->config(), transport());
    DIALOG_CHECK(made.has_value(), "the register of a test");
    return *std::move(made);
  }
  std::shared_ptr<S3Archives> archives() {
    auto made = S3Archives::create(store_->config(), transport());
    DIALOG_CHECK(made.has_value(), "the archives of a test");
    return *std::move(made);
  }
  std::unique_ptr<RevocationStore> revocations() {
    auto made = S3Revocations::create(store_->config(), transport());
    DIALOG_CHECK(made.has_value(), "the revocations of a test");
    return *std::move(made);
  }
  ComposedServerStore server() { return ComposedServerStore({heads(), archives()}); }

  Result<Register::SwapOutcome> try_swap(Register& heads, std::uint64_t from, std::uint64_t to) {
    return heads.swap(subject_, {revision_number(from), revision_number(to), {}, "", false}, {});
  }
  /// The sequence number that an accepted swap got, 0 where it was refused.
  std::uint64_t swap(Register& heads, std::uint64_t from, std::uint64_t to) {
    const auto outcome = try_swap(heads, from, to);
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    const auto* const done = outcome ? std::get_if<Register::Accepted>(&*outcome) : nullptr;
    return done ? done->record.sequence : 0;
  }
  void remove_head(SharedRegister& heads) {
    const auto begun = heads.begin_removal(subject_, false, {});
    ASSERT_TRUE(begun.has_value()) << begun.error().message;
    EXPECT_TRUE(*begun);
    const auto ended = heads.end_removal(subject_, {});
    ASSERT_TRUE(ended.has_value()) << ended.error().message;
  }
  void put_blocks(int count, const Subject& subject) {
    std::vector<Block> blocks;
    for (int i = 0; i < count; ++i) blocks.push_back(Block::of("block " + std::to_string(i)));
    ASSERT_TRUE(archives()->archive_for(subject)->put(blocks).has_value());
  }
  [[nodiscard]] std::string folder() const { return "some/prefix/" + subject_.id().hex() + "/"; }

  ManualClock clock_;
  std::shared_ptr<FakeS3> store_ = std::make_shared<FakeS3>(clock_);
  const Subject subject_ = subject_named("one");
};

TEST_F(S3Removal, OfAHeadSurvivesEachFaultOfItsWritesOnce) {
  for (const S3Fault fault :
       {S3Fault::unsent, S3Fault::lost_request, S3Fault::lost_answer, S3Fault::late,
        S3Fault::slow_down, S3Fault::failed_after, S3Fault::failed_before, S3Fault::conflict}) {
    const auto register_of_one = heads();
    ASSERT_EQ(swap(*register_of_one, 0, 1), 1U);
    store_->plan({fault});
    EXPECT_TRUE(register_of_one->begin_removal(subject_, false, {}).value());
    store_->plan({fault});
    EXPECT_TRUE(register_of_one->end_removal(subject_, {}).has_value());
    EXPECT_EQ(heads()->read(subject_, {}).value(), std::nullopt) << static_cast<int>(fault);
    EXPECT_EQ(swap(*register_of_one, 0, 1), 1U);
    remove_head(*register_of_one);
  }
}

// A copy of a swap that is still under way must not bring back what was removed.
TEST_F(S3Removal, ASwapWhoseAnswerWasLostIsNotCarriedOutOnceMore) {
  const auto slow = heads();
  ASSERT_EQ(swap(*slow, 0, 1), 1U);
  store_->plan({S3Fault::none, S3Fault::lost_answer});
  ActingClock clock(clock_, [&] { remove_head(*heads()); });
  auto other = *S3Register::create(store_->config(), {store_, &clock, &system_random()});
  const auto outcome = try_swap(*other, 1, 2);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::indeterminate) << outcome.error().message;
  EXPECT_EQ(heads()->read(subject_, {}).value(), std::nullopt);
  EXPECT_EQ(swap(*slow, 0, 3), 1U);
}

TEST_F(S3Removal, TakesAllBlocksPageByPageAndNothingElse) {
  store_->list_max = 4;
  put_blocks(10, subject_);
  put_blocks(3, subject_named("two"));
  store_->set_object(folder() + "blocks/readme", "not a block");
  store_->set_object(folder() + "notes", "of somebody else");
  EXPECT_EQ(archives()->usage(subject_, {}).value().blocks, 10U);
  ComposedServerStore store = server();
  EXPECT_TRUE(store.remove(subject_, {}).value());
  EXPECT_EQ(archives()->usage(subject_, {}).value(), Usage{});
  EXPECT_EQ(archives()->usage(subject_named("two"), {}).value().blocks, 3U);
  const auto objects = store_->objects();
  EXPECT_TRUE(objects.contains(folder() + "blocks/readme"));
  EXPECT_TRUE(objects.contains(folder() + "notes"));
  EXPECT_TRUE(objects.contains(folder() + "head")) << "the removal itself";
  EXPECT_EQ(objects.size(), 6U);
}

TEST_F(S3Removal, OfASubjectThatHasNothingLeavesNoTrace) {
  ComposedServerStore store = server();
  EXPECT_FALSE(store.remove(subject_, {}).value());
  EXPECT_TRUE(store_->objects().empty());
}

TEST_F(S3Removal, CostsAListAHeadEachBlockAndAListAgain) {
  put_blocks(5, subject_);
  const auto shared = heads();
  ASSERT_EQ(swap(*shared, 0, 1), 1U);
  ComposedServerStore store({shared, archives()});
  store_->clear_log();
  EXPECT_TRUE(store.remove(subject_, {}).value());
  EXPECT_EQ(store_->requests(), 1 + 1 + 1 + 5 + 1U);
}

TEST_F(S3Removal, ThatIsCutShortKeepsEverybodyOffUntilItIsTakenUpAgain) {
  put_blocks(5, subject_);
  ComposedServerStore store = server();
  ASSERT_EQ(swap(store.head_register(), 0, 1), 1U);
  store_->may_delete = false;
  const auto refused = store.remove(subject_, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
  ComposedServerStore other = server();
  EXPECT_EQ(other.head_register().read(subject_, {}).error().code, ErrorCode::unavailable);
  EXPECT_EQ(try_swap(other.head_register(), 0, 1).error().code, ErrorCode::unavailable);
  EXPECT_EQ(other.list({}, 10, {}).value().entries.at(0).head, std::nullopt);
  store_->may_delete = true;
  EXPECT_TRUE(other.remove(subject_, {}).value());
  EXPECT_FALSE(store.remove(subject_, {}).value());
  EXPECT_EQ(swap(store.head_register(), 0, 2), 1U);
}

TEST_F(S3Removal, AStoreThatPassesOverWhereAListBeginsIsNotAskedForEver) {
  store_->list_max = 4;
  store_->ignores_start_after = true;
  put_blocks(10, subject_);
  EXPECT_EQ(archives()->usage(subject_, {}).error().code, ErrorCode::not_a_remote);
  for (const char* name : {"two", "three", "four", "five", "six"})
    put_blocks(1, subject_named(name));
  EXPECT_EQ(heads()->list({}, 10, {}).error().code, ErrorCode::not_a_remote);
}

TEST_F(S3Removal, OtherFoldersAreNoSubjects) {
  for (int i = 0; i < 10; ++i)
    store_->set_object("some/prefix/aaa" + std::to_string(i) + "/head", "none");
  store_->set_object("some/prefix/" + std::string(64, 'E') + "/head", "none");
  store_->set_object("some/prefix/file", "none");
  store_->set_object("other/" + std::string(64, 'e') + "/head", "none");
  store_->list_max = 3;
  ASSERT_EQ(swap(*heads(), 0, 1), 1U);
  const auto page = heads()->list({}, 5, {});
  ASSERT_TRUE(page.has_value()) << page.error().message;
  ASSERT_EQ(page->entries.size(), 1U);
  EXPECT_EQ(page->entries[0].did, subject_.did());
}

TEST_F(S3Removal, AHeadInAnothersPlaceIsCorrupt) {
  ASSERT_EQ(swap(*heads(), 0, 1), 1U);
  const Bytes head = store_->objects().at(folder() + "head");
  store_->set_object("some/prefix/" + std::string(64, 'e') + "/head", head);
  EXPECT_EQ(heads()->list({}, 10, {}).error().code, ErrorCode::corrupt);
}

TEST_F(S3Removal, ARevocationSurvivesEachFaultOfItsWriteOnce) {
  int number = 0;
  for (const S3Fault fault :
       {S3Fault::unsent, S3Fault::lost_request, S3Fault::lost_answer, S3Fault::late,
        S3Fault::slow_down, S3Fault::failed_after, S3Fault::failed_before, S3Fault::conflict}) {
    store_->plan({S3Fault::none, fault});
    const Revoke revoke{{Hash::of(std::to_string(number++)), std::chrono::seconds(9)}};
    const auto added = revocations()->add(subject_, revoke, {});
    EXPECT_TRUE(added.has_value()) << added.error().message;
    EXPECT_EQ(revocations()->list(subject_, {}).value().size(), static_cast<std::size_t>(number));
  }
}

}  // namespace
}  // namespace dialog::test
