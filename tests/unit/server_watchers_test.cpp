#include <gtest/gtest.h>

#include "dialog/remote/memory_backend.hpp"
#include "watchers.hpp"

namespace dialog::server {
namespace {

Revision revision(int number) { return Revision(Hash::of(std::to_string(number))); }
Subject subject(int number = 0) {
  return *Subject::parse("did:web:" + std::to_string(number) + ".example");
}

class WatchersTest : public testing::Test {
 protected:
  Watchers& make(std::size_t streams_max = 10) {
    watchers_.emplace(heads_, Watchers::Options{.streams_max = streams_max}, clock_);
    return *watchers_;
  }
  HeadRecord swap(int number) {
    Register::Swap swap;
    swap.expected = number == 1 ? Revision() : revision(number - 1);
    swap.desired = revision(number);
    const auto outcome = heads_.swap(subject(), swap, {});
    return std::get<Register::Accepted>(*outcome).record;
  }
  static std::string text(const HeadRecord& record) {
    return wire::print_watch_event({wire::WatchEvent::Kind::head, record});
  }

  ManualClock clock_;
  MemoryRegister heads_;
  std::optional<Watchers> watchers_;
};

TEST_F(WatchersTest, what_was_just_told_needs_no_look_at_the_register) {
  Watchers& watchers = make();
  const auto stream = watchers.open(subject(), {}, {});
  EXPECT_FALSE(stream->ready().has_value());
  EXPECT_EQ(stream->look({}).bytes, "");
  const HeadRecord first = swap(1);
  watchers.tell(subject(), first);
  EXPECT_EQ(stream->ready()->bytes, text(first));
  EXPECT_EQ(stream->ready()->bytes, "");
}

TEST_F(WatchersTest, changes_that_are_told_in_another_order_are_passed_on_in_theirs) {
  Watchers& watchers = make();
  const auto stream = watchers.open(subject(), {}, {});
  EXPECT_EQ(stream->look({}).bytes, "");
  const HeadRecord first = swap(1);
  const HeadRecord second = swap(2);
  watchers.tell(subject(), second);
  EXPECT_FALSE(stream->ready().has_value());
  watchers.tell(subject(), first);
  EXPECT_EQ(stream->ready()->bytes, text(first) + text(second));
}

TEST_F(WatchersTest, who_sleeps_is_woken_once_by_the_next_change) {
  Watchers& watchers = make();
  const auto stream = watchers.open(subject(), {}, {});
  EXPECT_EQ(stream->look({}).bytes, "");
  int wakes = 0;
  EXPECT_TRUE(stream->sleep([&] { ++wakes; }));
  watchers.tell(subject(1), swap(1));
  EXPECT_EQ(wakes, 0);
  watchers.tell(subject(), swap(2));
  watchers.tell(subject(), swap(3));
  EXPECT_EQ(wakes, 1);
}

TEST_F(WatchersTest, a_change_since_the_last_look_lets_nobody_sleep) {
  Watchers& watchers = make();
  const auto stream = watchers.open(subject(), {}, {});
  EXPECT_EQ(stream->look({}).bytes, "");
  watchers.tell(subject(), swap(1));
  EXPECT_FALSE(stream->sleep([] { FAIL(); }));
}

TEST_F(WatchersTest, the_register_is_asked_again_after_a_while) {
  Watchers& watchers = make();
  const auto stream = watchers.open(subject(), {}, {});
  EXPECT_EQ(stream->look({}).bytes, "");
  const HeadRecord first = swap(1);
  EXPECT_EQ(stream->look({}).bytes, "");
  clock_.sleep(std::chrono::seconds(15));
  EXPECT_EQ(stream->look({}).bytes, text(first));
}

TEST_F(WatchersTest, what_one_stream_finds_wakes_the_others_of_its_subject) {
  Watchers& watchers = make();
  const auto one = watchers.open(subject(), {}, {});
  const auto other = watchers.open(subject(), {}, {});
  EXPECT_EQ(one->look({}).bytes, "");
  EXPECT_EQ(other->look({}).bytes, "");
  bool woken = false;
  EXPECT_TRUE(other->sleep([&] { woken = true; }));
  const HeadRecord first = swap(1);
  clock_.sleep(std::chrono::seconds(15));
  EXPECT_EQ(one->look({}).bytes, text(first));
  EXPECT_TRUE(woken);
  EXPECT_EQ(other->look({}).bytes, text(first));
}

TEST_F(WatchersTest, a_subject_that_is_gone_is_told_as_a_reset) {
  Watchers& watchers = make();
  MemoryRegister empty;
  const auto stream = watchers.open(subject(), wire::WatchPosition{3, revision(3)}, {});
  EXPECT_EQ(stream->look({}).bytes,
            wire::print_watch_event({wire::WatchEvent::Kind::reset, std::nullopt}));
  EXPECT_EQ(stream->ready()->bytes, "");
}

TEST_F(WatchersTest, who_may_no_longer_be_told_is_not) {
  Watchers& watchers = make();
  bool allowed = true;
  const auto stream = watchers.open(subject(), {}, [&] { return allowed; });
  EXPECT_FALSE(stream->look({}).ended);
  allowed = false;
  bool woken = false;
  EXPECT_TRUE(stream->sleep([&] { woken = true; }));
  watchers.judge_again();
  EXPECT_TRUE(woken);
  EXPECT_FALSE(stream->ready().has_value());
  EXPECT_TRUE(stream->look({}).ended);
}

TEST_F(WatchersTest, an_end_ends_all_and_opens_none) {
  Watchers& watchers = make();
  const auto stream = watchers.open(subject(), {}, {});
  EXPECT_EQ(stream->look({}).bytes, "");
  bool woken = false;
  EXPECT_TRUE(stream->sleep([&] { woken = true; }));
  watchers.end_all();
  EXPECT_TRUE(woken);
  EXPECT_TRUE(stream->ready()->ended);
  EXPECT_EQ(watchers.open(subject(), {}, {}), nullptr);
}

TEST_F(WatchersTest, thousands_that_wait_take_less_than_a_kilobyte_each) {
  constexpr int kStreams = 4096;
  Watchers& watchers = make(kStreams);
  std::vector<std::shared_ptr<AnswerStream>> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back(watchers.open(subject(i), {}, [] { return true; }));
    EXPECT_EQ(streams.back()->look({}).bytes, "");
    EXPECT_TRUE(streams.back()->sleep([] {}));
  }
  EXPECT_EQ(watchers.usage().streams, static_cast<std::size_t>(kStreams));
  EXPECT_EQ(watchers.usage().subjects, static_cast<std::size_t>(kStreams));
  EXPECT_LT(watchers.usage().bytes / kStreams, 1024U);
  streams.clear();
  EXPECT_EQ(watchers.usage().streams, 0U);
  EXPECT_EQ(watchers.usage().bytes, 0U);
}

TEST_F(WatchersTest, past_changes_take_no_room_for_long) {
  Watchers& watchers = make();
  const auto stream = watchers.open(subject(), {}, {});
  EXPECT_EQ(stream->look({}).bytes, "");
  const std::size_t before = watchers.usage().bytes;
  for (int i = 1; i <= 100; ++i) watchers.tell(subject(), swap(i));
  EXPECT_GT(watchers.usage().bytes, before);
  EXPECT_LT(watchers.usage().bytes, before + 16 * 1024);
  clock_.sleep(std::chrono::seconds(15));
  for (AnswerStream::Piece piece = stream->look({}); !piece.bytes.empty();)
    piece = stream->look({});
  EXPECT_LE(watchers.usage().bytes, before);
}

}  // namespace
}  // namespace dialog::server
