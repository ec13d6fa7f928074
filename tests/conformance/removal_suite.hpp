#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/remote/shared_register.hpp"
#include "support/factory.hpp"
#include "support/subjects.hpp"

namespace dialog::test {

/// A `SharedRegister` with nothing in it.
class SharedRegisterFixture : public Fixture {
 public:
  /// Valid until `reopen`.
  virtual SharedRegister& heads() = 0;
  /// Another process that opens the register.
  virtual void reopen() = 0;
};

/// What every `SharedRegister` must do beside what every `Register` must.
class RemovalConformance : public FixtureTest<SharedRegisterFixture> {
 protected:
  SharedRegister& heads() { return fixture().heads(); }

  Result<Register::SwapOutcome> try_swap(const Subject& subject, std::uint64_t from,
                                         std::uint64_t to) {
    return heads().swap(subject,
                        {revision_number(from), revision_number(to), WallTime(7), "me", false}, {});
  }
  /// The sequence number that an accepted swap got; 0 where it was refused.
  std::uint64_t swap(const Subject& subject, std::uint64_t from, std::uint64_t to) {
    const auto outcome = try_swap(subject, from, to);
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    const auto* const accepted = outcome ? std::get_if<Register::Accepted>(&*outcome) : nullptr;
    return accepted == nullptr ? 0 : accepted->record.sequence;
  }
  bool begin(const Subject& subject, bool unpublished_too = false) {
    const auto begun = heads().begin_removal(subject, unpublished_too, {});
    EXPECT_TRUE(begun.has_value()) << begun.error().message;
    return begun && *begun;
  }
  void end(const Subject& subject) {
    const auto ended = heads().end_removal(subject, {});
    EXPECT_TRUE(ended.has_value()) << ended.error().message;
  }
  void expect_being_removed(const Subject& subject) {
    const auto read = heads().read(subject, {});
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, ErrorCode::unavailable);
    EXPECT_NE(read.error().message.find("is being removed"), std::string::npos);
    for (const std::uint64_t from : {0U, 1U, 2U}) {
      const auto swapped = try_swap(subject, from, 9);
      ASSERT_FALSE(swapped.has_value());
      EXPECT_EQ(swapped.error().code, ErrorCode::unavailable);
    }
  }
  std::vector<std::uint64_t> numbers(std::uint64_t after = 0) {
    const auto history = heads().history(one_, after, 100, {});
    EXPECT_TRUE(history.has_value()) << history.error().message;
    std::vector<std::uint64_t> numbers;
    if (!history) return numbers;
    EXPECT_TRUE(history->complete);
    for (const HeadRecord& record : history->records) numbers.push_back(record.sequence);
    return numbers;
  }
  std::vector<SharedRegister::Listed> list(std::size_t page_size) {
    std::vector<SharedRegister::Listed> all;
    std::optional<Hash> after;
    while (true) {
      auto page = heads().list(after, page_size, {});
      EXPECT_TRUE(page.has_value()) << page.error().message;
      if (!page) return all;
      EXPECT_LE(page->entries.size(), page_size);
      EXPECT_TRUE(page->complete || !page->entries.empty()) << "it would never end";
      for (auto& entry : page->entries) all.push_back(std::move(entry));
      if (page->complete || page->entries.empty()) return all;
      after = all.back().id;
    }
  }

  const Subject one_ = subject_named("one");
  const Subject two_ = subject_named("two");
};

/// Where several processes may open it at once.
class SharedRemovalConformance : public RemovalConformance {};

}  // namespace dialog::test
