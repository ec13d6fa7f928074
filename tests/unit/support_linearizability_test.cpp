#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/linearizability.hpp"
#include "support/seeds.hpp"

namespace dialog::test {
namespace {

using Outcome = RegisterOperation::Outcome;
using History = std::vector<RegisterOperation>;

RegisterOperation read(std::uint64_t began, std::uint64_t ended, std::uint64_t seen) {
  return {Outcome::read, began, ended, 0, 0, seen};
}
RegisterOperation swap(Outcome outcome, std::uint64_t began, std::uint64_t ended,
                       std::uint64_t expected, std::uint64_t desired, std::uint64_t seen = 0) {
  return {outcome, began, ended, expected, desired, seen};
}
RegisterOperation accepted(std::uint64_t began, std::uint64_t ended, std::uint64_t expected,
                           std::uint64_t desired) {
  return swap(Outcome::accepted, began, ended, expected, desired);
}

bool is_linearizable(const History& history) {
  return !find_linearizability_violation(history).has_value();
}

TEST(Linearizability, AnEmptyHistoryIsFine) { EXPECT_TRUE(is_linearizable({})); }

TEST(Linearizability, ConcurrentOperationsMayTakeEffectInAnyOrder) {
  EXPECT_TRUE(is_linearizable({accepted(1, 10, 0, 1), read(2, 3, 1), read(4, 5, 1)}));
  EXPECT_TRUE(is_linearizable({accepted(1, 10, 0, 1), read(2, 3, 0), read(4, 5, 1)}));
  EXPECT_TRUE(is_linearizable({accepted(1, 10, 0, 1), accepted(1, 10, 1, 2)}));
}

TEST(Linearizability, CatchesAReadThatGoesBackWhileASwapIsUnderWay) {
  EXPECT_FALSE(is_linearizable({accepted(1, 10, 0, 1), read(2, 3, 1), read(4, 5, 0)}));
}

TEST(Linearizability, CatchesAStaleRead) {
  EXPECT_FALSE(is_linearizable({accepted(1, 2, 0, 1), read(3, 4, 0)}));
  EXPECT_FALSE(is_linearizable({accepted(1, 2, 0, 1), accepted(3, 4, 1, 2), read(5, 6, 1)}));
}

TEST(Linearizability, CatchesAReadFromTheFuture) {
  EXPECT_FALSE(is_linearizable({read(1, 2, 1), accepted(3, 4, 0, 1)}));
}

TEST(Linearizability, CatchesALostUpdate) {
  EXPECT_FALSE(is_linearizable({accepted(1, 2, 0, 1), accepted(3, 4, 0, 2)}));
  EXPECT_FALSE(is_linearizable({accepted(1, 9, 0, 1), accepted(1, 9, 0, 2)}));
}

TEST(Linearizability, CatchesSwapsOutOfTheirOrder) {
  EXPECT_FALSE(is_linearizable({accepted(5, 6, 0, 1), accepted(1, 2, 1, 2)}));
}

TEST(Linearizability, CatchesAnEffectOfASwapThatWasDenied) {
  EXPECT_FALSE(is_linearizable({swap(Outcome::nothing, 1, 2, 0, 1), read(3, 4, 1)}));
  EXPECT_FALSE(is_linearizable(
      {accepted(1, 2, 0, 5), swap(Outcome::refused, 3, 4, 0, 1, 5), accepted(5, 6, 1, 2)}));
}

TEST(Linearizability, CatchesASecondEffectOfOneSwap) {
  // 1 is replaced by 2, and there again.
  EXPECT_FALSE(
      is_linearizable({accepted(1, 2, 0, 1), accepted(3, 4, 1, 2), read(5, 6, 2), read(7, 8, 1)}));
  EXPECT_FALSE(is_linearizable({accepted(1, 2, 0, 1), accepted(3, 4, 1, 2), accepted(5, 6, 1, 3)}));
}

TEST(Linearizability, CatchesANumberThatNobodyWrote) {
  EXPECT_FALSE(is_linearizable({read(1, 2, 7)}));
  EXPECT_FALSE(is_linearizable({accepted(1, 2, 7, 8)}));
}

TEST(Linearizability, CatchesARefusalThatSawWhatItExpected) {
  EXPECT_FALSE(is_linearizable({swap(Outcome::refused, 1, 2, 0, 1, 0)}));
}

TEST(Linearizability, CatchesACircle) {
  EXPECT_FALSE(is_linearizable({accepted(1, 9, 2, 1), accepted(1, 9, 1, 2)}));
}

TEST(Linearizability, ARefusalIsALookAtTheRegister) {
  EXPECT_TRUE(is_linearizable({accepted(1, 2, 0, 1), swap(Outcome::refused, 3, 4, 0, 2, 1)}));
  EXPECT_FALSE(is_linearizable(
      {accepted(1, 2, 0, 1), accepted(3, 4, 1, 2), swap(Outcome::refused, 5, 6, 7, 8, 1)}));
}

TEST(Linearizability, AnOpenSwapMayHaveHappenedOrNot) {
  const RegisterOperation open = swap(Outcome::open, 1, 2, 0, 1);
  EXPECT_TRUE(is_linearizable({open, read(3, 4, 0)}));
  EXPECT_TRUE(is_linearizable({open, read(3, 4, 1)}));
  EXPECT_TRUE(is_linearizable({open, accepted(3, 4, 0, 2)}));
}

TEST(Linearizability, AnOpenSwapMayHappenLongAfterItsEnd) {
  EXPECT_TRUE(is_linearizable({swap(Outcome::open, 1, 2, 0, 1), read(3, 4, 0), read(5, 6, 1)}));
}

TEST(Linearizability, AnOpenSwapHappensAtMostOnceAndNotBeforeItBegan) {
  EXPECT_FALSE(is_linearizable({swap(Outcome::open, 1, 2, 0, 1), read(3, 4, 1), read(5, 6, 0)}));
  EXPECT_FALSE(is_linearizable({read(1, 2, 1), swap(Outcome::open, 3, 4, 0, 1)}));
}

TEST(Linearizability, OfTwoOpenSwapsTheOneThatSomebodySawHappened) {
  const RegisterOperation one = swap(Outcome::open, 1, 2, 0, 1);
  const RegisterOperation two = swap(Outcome::open, 1, 2, 0, 2);
  EXPECT_TRUE(is_linearizable({one, two, read(3, 4, 2)}));
  EXPECT_FALSE(is_linearizable({one, two, read(3, 4, 2), read(5, 6, 1)}));
}

/// What may be wrong with a register.
enum class Fault : std::uint8_t {
  none,
  stale_read,        // shows what was there before the latest swap
  lost_update,       // accepts a swap that expected something else
  repeated_effect,   // a swap whose answer was lost takes effect once more, later
  effect_of_denied,  // says that nothing happened, and it did
  lost_write,        // forgets an acknowledged swap
};

/// Clients in a world without threads: each call has its beginning, its moment of effect and its
/// end, in an order that the seed decides.
class SimulatedClients {
 public:
  SimulatedClients(Generator& generator, Fault fault) : generator_(generator), fault_(fault) {}

  History run(std::size_t operations) {
    while (history_.size() < operations) step(generator_.below(calls_.size()));
    // Whoever still waits for an answer may have had an effect.
    for (const Call& call : calls_) {
      if (call.stage != Call::Stage::effected || call.operation.outcome == Outcome::read) continue;
      history_.push_back(call.operation);
      history_.back().outcome = Outcome::open;
    }
    const std::uint64_t now = ++time_;
    history_.push_back(read(now, now, held_));
    return history_;
  }
  [[nodiscard]] bool fault_fired() const { return fired_; }

 private:
  struct Call {
    enum class Stage : std::uint8_t { idle, begun, effected } stage = Stage::idle;
    RegisterOperation operation;
    std::uint64_t known = 0;
  };

  void step(std::size_t client) {
    Call& call = calls_[client];
    const std::uint64_t now = ++time_;
    switch (call.stage) {
      case Call::Stage::idle:
        call.operation = {};
        call.operation.began = now;
        if (generator_.chance(1, 2)) {
          call.operation.outcome = Outcome::open;
          call.operation.expected = call.known;
          call.operation.desired = ++written_;
        }
        call.stage = Call::Stage::begun;
        return;
      case Call::Stage::begun:
        take_effect(call.operation);
        call.stage = Call::Stage::effected;
        return;
      case Call::Stage::effected:
        call.operation.ended = now;
        call.known = call.operation.outcome == Outcome::accepted ? call.operation.desired
                     : call.operation.outcome == Outcome::open   ? call.known
                                                                 : call.operation.seen;
        history_.push_back(call.operation);
        call.stage = Call::Stage::idle;
        return;
    }
  }

  void take_effect(RegisterOperation& operation) {
    if (operation.outcome == Outcome::read) {
      operation.seen = breaks(Fault::stale_read) && held_ != before_ ? fire(before_) : held_;
      return;
    }
    const bool matches = held_ == operation.expected;
    if (!matches && !(breaks(Fault::lost_update) && fire(true))) {
      operation.outcome = Outcome::refused;
      operation.seen = held_;
      return;
    }
    before_ = held_;
    held_ = operation.desired;
    if (generator_.chance(1, 10)) {
      // The answer is lost, or the swap itself was.
      if (generator_.chance(1, 2)) held_ = before_;
      return;
    }
    if (breaks(Fault::lost_write)) held_ = fire(before_);
    operation.outcome =
        breaks(Fault::effect_of_denied) && fire(true) ? Outcome::nothing : Outcome::accepted;
    if (breaks(Fault::repeated_effect) && before_ != 0) held_ = fire(before_);
  }

  bool breaks(Fault fault) { return fault_ == fault && generator_.chance(1, 20); }
  template <class T>
  T fire(T value) {
    fired_ = true;
    return value;
  }

  Generator& generator_;
  Fault fault_;
  bool fired_ = false;
  std::uint64_t time_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t held_ = 0;
  std::uint64_t before_ = 0;
  std::vector<Call> calls_ = std::vector<Call>(5);
  History history_;
};

TEST(Linearizability, EveryHistoryOfASoundRegisterPasses) {
  for_each_seed(300, [](Generator& generator) {
    const auto violation =
        find_linearizability_violation(SimulatedClients(generator, Fault::none).run(1'000));
    EXPECT_FALSE(violation.has_value()) << *violation;
  });
}

class BrokenRegister : public testing::TestWithParam<Fault> {};

TEST_P(BrokenRegister, IsFoundOut) {
  for_each_seed(100, [](Generator& generator) {
    SimulatedClients clients(generator, GetParam());
    const History history = clients.run(2'000);
    ASSERT_TRUE(clients.fault_fired());
    EXPECT_FALSE(is_linearizable(history));
  });
}

INSTANTIATE_TEST_SUITE_P(Linearizability, BrokenRegister,
                         testing::Values(Fault::stale_read, Fault::lost_update,
                                         Fault::repeated_effect, Fault::effect_of_denied,
                                         Fault::lost_write));

}  // namespace
}  // namespace dialog::test
