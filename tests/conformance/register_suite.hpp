#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <variant>

#include "register_fixture.hpp"
#include "support/subjects.hpp"

namespace dialog::test {

/// What every `Register` must do, from one thread.
class RegisterConformance : public FixtureTest<RegisterFixture> {
 protected:
  static Register::Swap step(std::uint64_t expected, std::uint64_t desired) {
    return {revision_number(expected), revision_number(desired), WallTime(1000 + desired),
            "author " + std::to_string(desired), false};
  }

  Register::SwapOutcome swap(const Subject& subject, const Register::Swap& wanted) {
    auto outcome = fixture().heads().swap(subject, wanted, {});
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    return outcome ? *std::move(outcome) : Register::SwapOutcome{};
  }
  Register::SwapOutcome swap(std::uint64_t expected, std::uint64_t desired) {
    return swap(subject_, step(expected, desired));
  }

  static const HeadRecord* accepted(const Register::SwapOutcome& outcome) {
    const auto* const found = std::get_if<Register::Accepted>(&outcome);
    return found == nullptr ? nullptr : &found->record;
  }
  static const Register::Refused* refused(const Register::SwapOutcome& outcome) {
    return std::get_if<Register::Refused>(&outcome);
  }

  std::optional<HeadRecord> read(const Subject& subject) {
    auto record = fixture().heads().read(subject, {});
    EXPECT_TRUE(record.has_value()) << record.error().message;
    return record ? *std::move(record) : std::nullopt;
  }

  HeadHistory history(std::uint64_t after, std::size_t limit = 100) {
    auto history = fixture().heads().history(subject_, after, limit, {});
    EXPECT_TRUE(history.has_value()) << history.error().message;
    return history ? *std::move(history) : HeadHistory{};
  }

  /// Publishes the revisions 1 to `count`, one after the other.
  void publish(std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) ASSERT_NE(accepted(swap(i - 1, i)), nullptr);
  }

  const Subject subject_ = subject_named("one");
  const Subject other_ = subject_named("two");
};

/// What every `Register` must do while several threads use it.
class RegisterRaces : public FixtureTest<RegisterFixture> {
 protected:
  const Subject subject_ = subject_named("one");
};

}  // namespace dialog::test
