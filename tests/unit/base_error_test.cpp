#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "golden/errors_md.hpp"

namespace dialog {
namespace {

TEST(ErrorTable, HasOneRowForEachCodeInTheirOrder) {
  std::size_t index = 0;
  for (const ErrorRow& row : error_table()) {
    EXPECT_EQ(static_cast<std::size_t>(row.code), index++) << row.name;
    EXPECT_EQ(&error_row(row.code), &row);
  }
  EXPECT_EQ(index, static_cast<std::size_t>(ErrorCode::internal) + 1);
}

TEST(ErrorTable, NamesAndMeaningsAreUnique) {
  std::set<std::string_view> names;
  std::set<std::string_view> meanings;
  for (const ErrorRow& row : error_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(meanings.insert(row.meaning).second) << row.meaning;
  }
}

TEST(ErrorTable, FindsACodeByItsName) {
  for (const ErrorRow& row : error_table()) EXPECT_EQ(error_code_named(row.name), row.code);
  EXPECT_FALSE(error_code_named("ok"));
  EXPECT_FALSE(error_code_named(""));
  EXPECT_FALSE(error_code_named("Not_Found"));
}

TEST(ErrorTable, StatusesAreErrorsOfHttp) {
  for (const ErrorRow& row : error_table()) {
    EXPECT_GE(row.http_status, 400) << row.name;
    EXPECT_LT(row.http_status, 600) << row.name;
  }
}

TEST(ErrorTable, ExitCodesAreNeverSuccess) {
  for (const ErrorRow& row : error_table()) {
    EXPECT_GT(row.exit_code, 0) << row.name;
    EXPECT_LT(row.exit_code, 256) << row.name;
  }
}

TEST(ErrorTable, KeepsTheStatusesOfTheRegisterProtocol) {
  EXPECT_EQ(error_row(ErrorCode::conflict).http_status, 412);
  EXPECT_EQ(error_row(ErrorCode::not_found).http_status, 404);
  EXPECT_EQ(error_row(ErrorCode::unauthorized).http_status, 401);
  EXPECT_EQ(error_row(ErrorCode::malformed).http_status, 400);
  EXPECT_EQ(error_row(ErrorCode::invalid_argument).http_status, 400);
  EXPECT_EQ(error_row(ErrorCode::too_large).http_status, 413);
  EXPECT_EQ(error_row(ErrorCode::unavailable).http_status, 503);
  EXPECT_EQ(error_row(ErrorCode::storage_full).http_status, 507);
  EXPECT_EQ(error_row(ErrorCode::internal).http_status, 500);
}

TEST(ErrorTable, IsTheOneInTheDocumentation) {
  std::vector<std::string> expected;
  for (const ErrorRow& row : error_table()) {
    expected.push_back("| `" + std::string(row.name) + "` | " + std::string(to_string(row.retry)) +
                       " | " + std::to_string(row.http_status) + " | " +
                       std::to_string(row.exit_code) + " | " + std::string(row.meaning) + " |");
  }
  std::vector<std::string> documented;
  for (const std::string_view line : test::golden::errors_md) {
    if (line.starts_with("| `")) documented.emplace_back(line);
  }
  EXPECT_EQ(documented, expected);
}

TEST(Error, WithinPutsTheContextFirst) {
  const Error error{ErrorCode::not_found, "no such branch", {}};
  EXPECT_EQ(error.within("push").message, "push: no such branch");
  EXPECT_EQ(error.within("push").code, ErrorCode::not_found);
}

TEST(Error, WithinKeepsTheMissingBlocks) {
  const Error error = missing_blocks({Hash::of("a")});
  EXPECT_THAT(error.within("read").missing, ::testing::ElementsAre(Hash::of("a")));
}

TEST(MissingBlocks, NamesEachBlockOnceInTheFirstOrder) {
  const Error error = missing_blocks({Hash::of("b"), Hash::of("a"), Hash::of("b")});
  EXPECT_EQ(error.code, ErrorCode::missing_blocks);
  EXPECT_THAT(error.missing, ::testing::ElementsAre(Hash::of("b"), Hash::of("a")));
  EXPECT_THAT(error.message, ::testing::HasSubstr("2 blocks"));
  EXPECT_THAT(error.message, ::testing::HasSubstr(Hash::of("b").hex()));
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::invalid_argument, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  DIALOG_ASSIGN(const int once, half(number));
  DIALOG_ASSIGN(const int twice, half(once));
  return twice;
}

Result<void> check_even(int number) {
  DIALOG_TRY(half(number));
  return {};
}

TEST(Result, AssignBindsTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(8), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().code, ErrorCode::invalid_argument);
}

TEST(Result, TryReturnsTheError) {
  EXPECT_TRUE(check_even(2));
  ASSERT_FALSE(check_even(3));
  EXPECT_EQ(check_even(3).error().message, "odd");
}

TEST(Context, OfNoWishesIsAlwaysWanted) {
  ManualClock clock;
  EXPECT_TRUE(check_context({}, clock));
}

TEST(Context, IsOverAtItsDeadline) {
  ManualClock clock;
  const Context context{clock.now() + std::chrono::seconds(1), {}};
  EXPECT_TRUE(check_context(context, clock));
  clock.sleep(std::chrono::milliseconds(999));
  EXPECT_TRUE(check_context(context, clock));
  clock.sleep(std::chrono::milliseconds(1));
  ASSERT_FALSE(check_context(context, clock));
  EXPECT_EQ(check_context(context, clock).error().code, ErrorCode::timeout);
}

TEST(Context, IsOverForEachCopyOfAFiredToken) {
  ManualClock clock;
  const CancelSource source;
  const Context context{std::nullopt, source.token()};
  Context copy = context;
  copy.deadline = MonotonicTime::max();
  EXPECT_TRUE(check_context(context, clock));
  source.cancel();
  ASSERT_FALSE(check_context(copy, clock));
  EXPECT_EQ(check_context(copy, clock).error().code, ErrorCode::cancelled);
}

TEST(Context, TellsOfCancellationBeforeTheDeadline) {
  ManualClock clock;
  const CancelSource source;
  source.cancel();
  EXPECT_EQ(check_context({clock.now(), source.token()}, clock).error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace dialog
