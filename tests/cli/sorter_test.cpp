#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "entry_sorter.hpp"
#include "support/seeds.hpp"

namespace dialog::cli {
namespace {

std::vector<Entry> drained(EntrySorter& sorter) {
  std::vector<Entry> entries;
  const auto result = sorter.for_each([&](const Entry& entry) -> Result<void> {
    entries.push_back(entry);
    return {};
  });
  EXPECT_TRUE(result) << result.error().message;
  return entries;
}

TEST(EntrySorter, GivesWhatAMapWouldHoldHoweverLittleMemoryItHas) {
  test::for_each_seed(60, [](test::Generator& generator) {
    EntrySorter sorter(::testing::TempDir(),
                       static_cast<std::size_t>(generator.between(1, 60'000)));
    std::map<Bytes, Bytes> model;
    const std::uint64_t count = generator.below(600);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Bytes key = generator.key();
      const Bytes value = generator.value();
      model[key] = value;
      ASSERT_TRUE(sorter.add({key, value}));
    }
    std::vector<Entry> expected;
    for (const auto& [key, value] : model) expected.push_back({key, value});
    EXPECT_EQ(drained(sorter), expected);
    EXPECT_EQ(drained(sorter), expected) << "the second time";
    EXPECT_EQ(sorter.added(), count);
    EXPECT_EQ(sorter.replaced(), count - model.size());
  });
}

TEST(EntrySorter, EndsWithTheFirstErrorOfItsVisitor) {
  EntrySorter sorter(::testing::TempDir(), 1 << 20);
  ASSERT_TRUE(sorter.add({"b", ""}));
  ASSERT_TRUE(sorter.add({"a", ""}));
  const auto result = sorter.for_each(
      [](const Entry& entry) -> Result<void> { return fail(ErrorCode::storage_full, entry.key); });
  EXPECT_EQ(result.error().message, "a");
}

TEST(EntrySorter, AFolderThatDoesNotExistIsAnError) {
  EntrySorter sorter("/nonexistent/folder", 1);
  EXPECT_FALSE(sorter.add({"a", ""}));
}

}  // namespace
}  // namespace dialog::cli
