#include <gtest/gtest.h>
#include <semaphore>

#include "gatherer.hpp"
#include "support/forwarding_store.hpp"

namespace dialog::server {
namespace {

using namespace std::chrono_literals;

Revision revision(char byte) { return Revision(*Hash::from_bytes(std::string(Hash::kSize, byte))); }
Subject subject(const std::string& name) { return *Subject::parse("did:web:" + name); }

/// Counts the batches, and holds up the first until it may go on.
class BatchStore final : public test::ForwardingStore, private Register {
 public:
  Register& head_register() override { return *this; }
  std::binary_semaphore begun{0};
  std::binary_semaphore may_go_on{0};
  std::vector<std::size_t> batches;

 private:
  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override {
    return store_.head_register().read(subject, context);
  }
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override {
    return store_.head_register().swap(subject, swap, context);
  }
  std::vector<Result<SwapOutcome>> swap_all(std::span<const Asked> swaps,
                                            const Context& context) override {
    batches.push_back(swaps.size());
    if (batches.size() == 1) {
      begun.release();
      may_go_on.acquire();
    }
    return Register::swap_all(swaps, context);
  }
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override {
    return store_.head_register().history(subject, after, limit, context);
  }
};

class GathererTest : public testing::Test {
 protected:
  class Writer final : public Gatherer::Client {
   public:
    Writer(GathererTest& test, int name, Service::Write write)
        : test_(test), name_(name), write_(std::move(write)) {}
    Service::Write& write() override { return write_; }
    EventLoop& loop() override { return test_.loop_; }
    void on_written() override {
      test_.told_.push_back(name_);
      if (--test_.awaited_ == 0) test_.loop_.stop();
    }

   private:
    GathererTest& test_;
    int name_;
    Service::Write write_;
  };

  void SetUp() override {
    ASSERT_TRUE(loop_
                    .open({.on_time = [](EventLoop::Time) {},
                           .after_events = [] {},
                           .on_failure = [](const char* what) { FAIL() << what; }})
                    .has_value());
  }
  void gather(std::chrono::milliseconds refusal_delay_max) {
    gatherer_.emplace(
        service_, Gatherer::Limits{.request_time_max = 60s, .refusal_delay_max = refusal_delay_max},
        CancelToken());
  }
  std::shared_ptr<Writer> add(int name, const Subject& subject, char expected, char desired) {
    Register::Swap swap;
    if (expected != 0) swap.expected = revision(expected);
    swap.desired = revision(desired);
    auto writer = std::make_shared<Writer>(*this, name, Service::Write{subject, swap});
    ++awaited_;
    gatherer_->add(writer);
    return writer;
  }
  /// Runs until all were told; in which order.
  std::vector<int> told() {
    loop_.run();
    return told_;
  }
  static Revision shown(Writer& writer) {
    return std::get<Register::Refused>(**writer.write().swapped).actual->revision;
  }

  BatchStore store_;
  Service service_{store_, {}};
  EventLoop loop_;
  std::vector<int> told_;
  int awaited_ = 0;
  std::optional<Gatherer> gatherer_;
};

TEST_F(GathererTest, what_comes_while_one_batch_is_written_is_the_next) {
  gather(20ms);
  add(0, subject("zero"), 0, 1);
  store_.begun.acquire();
  for (int i = 1; i <= 5; ++i) add(i, subject("s" + std::to_string(i)), 0, 1);
  store_.may_go_on.release();
  EXPECT_EQ(told().size(), 6U);
  EXPECT_EQ(store_.batches, (std::vector<std::size_t>{1, 5}));
}

TEST_F(GathererTest, who_lost_is_told_one_after_the_other_and_before_who_won) {
  gather(1h);
  const Subject hot = subject("hot");
  add(0, subject("zero"), 0, 1);
  store_.begun.acquire();
  add(1, hot, 0, 1);
  for (int i = 2; i <= 4; ++i) add(i, hot, 0, static_cast<char>(i));
  store_.may_go_on.release();
  EXPECT_EQ(told(), (std::vector<int>{0, 2, 1, 3, 4}));
}

TEST_F(GathererTest, who_waited_is_told_of_the_latest) {
  gather(1h);
  const Subject hot = subject("hot");
  add(0, subject("zero"), 0, 1);
  store_.begun.acquire();
  add(1, hot, 0, 1);
  const auto first = add(2, hot, 0, 2);
  const auto second = add(3, hot, 0, 3);
  add(4, hot, 1, 4);
  store_.may_go_on.release();
  EXPECT_EQ(told().size(), 5U);
  EXPECT_EQ(shown(*first), revision(4));
  EXPECT_EQ(shown(*second), revision(4));
}

TEST_F(GathererTest, nobody_waits_where_that_is_not_wanted) {
  gather(0ms);
  const Subject hot = subject("hot");
  add(0, subject("zero"), 0, 1);
  store_.begun.acquire();
  for (int i = 1; i <= 4; ++i) add(i, hot, 0, static_cast<char>(i));
  store_.may_go_on.release();
  EXPECT_EQ(told(), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(GathererTest, its_end_tells_all) {
  gather(1h);
  const Subject hot = subject("hot");
  add(0, subject("zero"), 0, 1);
  store_.begun.acquire();
  for (int i = 1; i <= 30; ++i) add(i, hot, 0, static_cast<char>(i));
  store_.may_go_on.release();
  gatherer_.reset();
  EXPECT_EQ(told().size(), 31U);
}

}  // namespace
}  // namespace dialog::server
