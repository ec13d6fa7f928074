#include "support/register_load.hpp"

#include <gtest/gtest.h>
#include <optional>

#include "dialog/remote/memory_backend.hpp"
#include "support/subjects.hpp"

namespace dialog::test {
namespace {

/// Now and then shows what it showed before, to whoever reads.
class ForgetfulRegister final : public Register {
 public:
  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override {
    auto now = inner_.read(subject, context);
    const std::lock_guard lock(mutex_);
    if (++reads_ % 50 == 0) return old_;
    if (reads_ % 50 == 1 && now) old_ = *now;
    return now;
  }
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override {
    return inner_.swap(subject, swap, context);
  }
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override {
    return inner_.history(subject, after, limit, context);
  }

 private:
  MemoryRegister inner_;
  std::mutex mutex_;
  std::uint64_t reads_ = 0;
  std::optional<HeadRecord> old_;
};

LoadOptions options(std::size_t subjects, std::uint64_t operations_each) {
  LoadOptions options;
  options.threads = 4;
  for (std::size_t i = 0; i < subjects; ++i) {
    options.subjects.push_back(subject_named(std::to_string(i)));
  }
  options.operations_each = operations_each;
  return options;
}

TEST(RegisterLoad, OfASoundRegisterIsLinearizable) {
  const auto heads = std::make_shared<MemoryRegister>();
  RegisterLoad load(options(3, 20'000),
                    [&](std::size_t) { return std::make_unique<RegisterTarget>(heads); });
  load.finish();
  EXPECT_EQ(load.operations(), 80'000U);
  EXPECT_GT(load.accepted(), 1'000U);
  EXPECT_EQ(load.violation(), std::nullopt);
}

TEST(RegisterLoad, ReachesARegisterThroughABackend) {
  const auto heads = std::make_shared<MemoryRegister>();
  RegisterLoad load(options(2, 5'000), [&](std::size_t) {
    return std::make_unique<BackendTarget>(std::make_unique<MemoryBackend>(heads));
  });
  EXPECT_TRUE(load.wait_for_accepted(1));
  load.finish();
  EXPECT_EQ(load.violation(), std::nullopt);
  const auto last = heads->read(subject_named("0"), {});
  ASSERT_TRUE(last.has_value() && last->has_value());
  const auto history = load.history(0);
  EXPECT_TRUE(std::any_of(history.begin(), history.end(), [&](const RegisterOperation& operation) {
    return operation.desired == number_of((*last)->revision);
  }));
}

TEST(RegisterLoad, FindsOutARegisterThatShowsOldStates) {
  const auto heads = std::make_shared<ForgetfulRegister>();
  RegisterLoad load(options(1, 5'000),
                    [&](std::size_t) { return std::make_unique<RegisterTarget>(heads); });
  load.finish();
  EXPECT_NE(load.violation(), std::nullopt);
}

}  // namespace
}  // namespace dialog::test
