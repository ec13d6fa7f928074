#include "log_history.hpp"

#include <gtest/gtest.h>

#include "dialog/base/clock.hpp"
#include "head_record.hpp"
#include "log_keys.hpp"
#include "log_register.hpp"
#include "support/memory_disk.hpp"
#include "support/store_parts.hpp"

namespace dialog::test {
namespace {

constexpr const char* kFolder = "server";
const Subject kSubject = Subject::parse("did:web:a").value();

Revision revision(std::uint64_t number) {
  return number == 0 ? Revision() : Revision(Hash::of(std::to_string(number)));
}

HeadRecord record(std::uint64_t number, std::string author = {}) {
  return {revision(number), revision(number - 1), number,
          WallTime{static_cast<std::int64_t>(number)}, std::move(author)};
}

/// A register on a log in memory, whose records can be looked at.
class LogHistory : public testing::Test {
 protected:
  void open(std::uint64_t kept) {
    if (!engine_)
      engine_ = store::Engine::open({disk_, kFolder, index_, coordinator_, clock_}).value();
    heads_.emplace(*engine_, kept, clock_);
  }

  // Swaps number `first` to `last`.
  void swap(std::uint64_t first, std::uint64_t last, const std::string& author = {}) {
    for (std::uint64_t number = first; number <= last; ++number) {
      const HeadRecord next = record(number, author);
      const auto outcome =
          heads_->swap(kSubject, {next.previous, next.revision, next.time, next.author, false}, {});
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
      ASSERT_EQ(std::get<Register::Accepted>(*outcome).record, next);
    }
  }

  void put(const Bytes& key, const Bytes& value) {
    const store::RecordChange change{key, std::nullopt, value};
    ASSERT_TRUE(engine_->wait(engine_->submit({&change, 1}, {}).value().value()).has_value());
  }

  // As versions before pages left them: the head, and each swap for itself.
  void put_old(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) {
      put(log_keys::history(kSubject.id(), number), print_head(record(number), {}));
    }
    put(log_keys::head(kSubject.id()), print_head(record(last), kSubject.did()));
  }

  HeadHistory history(std::uint64_t after, std::size_t limit = SIZE_MAX) {
    return heads_->history(kSubject, after, limit, {}).value();
  }

  // Asks for all that may be asked for.
  void expect_history(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t after = 0; after <= last; ++after) {
      const HeadHistory found = history(after);
      const std::uint64_t begin = std::max(first, after + 1);
      ASSERT_EQ(found.records.size(), last + 1 - begin) << "after " << after;
      EXPECT_EQ(found.complete, after + 1 >= first) << "after " << after;
      for (const HeadRecord& swap : found.records) {
        EXPECT_EQ(swap, record(begin + static_cast<std::uint64_t>(&swap - found.records.data())));
      }
    }
  }

  std::size_t pages() {
    const Bytes prefix = log_keys::history_prefix(kSubject.id());
    store::Engine::Listing listing;
    listing.prefix = prefix;
    return engine_->list(listing, store::View::durable).value().size();
  }

  ManualClock clock_;
  MemoryDisk disk_;
  MemoryIndex index_;
  SharedStore shared_;
  LocalCoordinator coordinator_{shared_};
  std::unique_ptr<store::Engine> engine_;
  std::optional<LogRegister> heads_;
};

TEST_F(LogHistory, IsCompleteAcrossPages) {
  open(1000);
  for (std::uint64_t last = 1; last <= 40; ++last) {
    swap(last, last);
    expect_history(1, last);
  }
  EXPECT_EQ(pages(), 4U);
}

TEST_F(LogHistory, ShowsAsManySwapsAsAreKeptAndForgetsWholePages) {
  open(20);
  swap(1, 200);
  expect_history(181, 200);
  EXPECT_LE(pages(), 20U / 8 + 2);
}

TEST_F(LogHistory, IsCutWhereMoreWasAskedForThanAnAnswerHolds) {
  open(1000);
  swap(1, 30);
  for (std::size_t limit = 1; limit <= 30; ++limit) {
    const HeadHistory found = history(0, limit);
    ASSERT_EQ(found.records.size(), limit);
    EXPECT_EQ(found.records.back().sequence, limit);
    EXPECT_EQ(found.complete, limit == 30);
  }
}

TEST_F(LogHistory, KeepsTheHeadSmallWhereAuthorsAreLong) {
  open(1000);
  const std::string author(kAuthorBytesMax, 'a');
  swap(1, 5, author);
  EXPECT_EQ(pages(), 4U);
  EXPECT_EQ(history(0).records.size(), 5U);
  EXPECT_EQ(history(3).records.front(), record(4, author));
}

TEST_F(LogHistory, GoesOnWhereAnEarlierVersionEnded) {
  open(1000);
  put_old(7, 30);
  expect_history(7, 30);
  EXPECT_EQ(heads_->read(kSubject, {}).value(), record(30));
  for (std::uint64_t last = 31; last <= 50; ++last) {
    swap(last, last);
    expect_history(7, last);
  }
}

TEST_F(LogHistory, ForgetsWhatAnEarlierVersionKept) {
  open(10);
  put_old(1, 100);
  expect_history(91, 100);
  swap(101, 200);
  expect_history(191, 200);
  EXPECT_LE(pages(), 10U / 8 + 2);
}

TEST_F(LogHistory, APageThatIsAnotherOneIsDamageAndNoWayRoundInCircles) {
  open(1000);
  put(log_keys::history(kSubject.id(), 1), print_head(record(1), {}));
  put(log_keys::history(kSubject.id(), 2), print_head(record(1), {}));
  put(log_keys::head(kSubject.id()), print_head(record(2), kSubject.did()));
  EXPECT_EQ(heads_->history(kSubject, 0, 10, {}).error().code, ErrorCode::corrupt);
}

TEST_F(LogHistory, ShrinksAndGrowsWithWhatIsKept) {
  open(100);
  swap(1, 100);
  open(10);
  expect_history(91, 100);
  swap(101, 116);
  open(50);
  // Older ones may be there or not, as whole pages went.
  const HeadHistory found = history(0);
  EXPECT_GE(found.records.size(), 10U);
  EXPECT_FALSE(found.complete);
  swap(117, 200);
  expect_history(151, 200);
}

TEST_F(LogHistory, RefusesRecordsThatAreCutOffOrLongerThanTheySay) {
  SubjectHead head{record(3), {record(2), record(3)}, 1};
  const Bytes whole = print_subject_head(head, kSubject.did());
  const std::size_t plain = print_head(record(3), kSubject.did()).size();
  const auto parsed = parse_subject_head(whole, "it").value();
  EXPECT_EQ(parsed.latest, head.latest);
  EXPECT_EQ(parsed.recent, head.recent);
  EXPECT_EQ(parsed.oldest, head.oldest);
  EXPECT_EQ(did_of_head(whole), kSubject.did());
  // Without all that follows the DID it is an earlier version's, and without the recent page one
  // with the latest swap alone.
  const std::size_t alone = plain + 1 + sizeof head.oldest;
  for (std::size_t size = plain + 1; size < whole.size(); ++size) {
    EXPECT_EQ(parse_subject_head(whole.substr(0, size), "it").has_value(), size == alone) << size;
  }
  EXPECT_FALSE(parse_subject_head(whole + "x", "it").has_value());
  head.recent.front() = record(1);
  EXPECT_EQ(parse_subject_head(print_subject_head(head, kSubject.did()), "it").error().code,
            ErrorCode::corrupt);
}

}  // namespace
}  // namespace dialog::test
