#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "dialog/base/check.hpp"
#include "dialog/cloud/etcd_register.hpp"
#include "support/fake_etcd.hpp"

namespace dialog::test {

/// A cluster of three members without network, on a clock that stands still.
class EtcdTest : public testing::Test {
 protected:
  using Fault = FakeEtcd::Fault;

  Result<std::unique_ptr<EtcdRegister>> create(EtcdOptions options = {},
                                               std::string_view url = "etcd://one,two,three") {
    return EtcdRegister::create(*EtcdAddress::parse(url), std::move(options),
                                {cluster_, &clock_, &system_random()});
  }
  std::unique_ptr<EtcdRegister> open(EtcdOptions options = {}) {
    auto heads = create(std::move(options));
    DIALOG_CHECK(heads.has_value(), "the options of a test's etcd");
    return *std::move(heads);
  }

  void inject(Fault fault, int times = 1) {
    for (int i = 0; i < times; ++i) cluster_->inject(fault);
  }

  static Revision revision(std::uint64_t number) {
    return number == 0 ? Revision() : Revision(Hash::of(std::to_string(number)));
  }
  Result<Register::SwapOutcome> try_swap(Register& heads, std::uint64_t expected,
                                         std::uint64_t desired, const Context& context = {}) {
    return heads.swap(subject_, {revision(expected), revision(desired), WallTime(7), "me", false},
                      context);
  }
  /// The sequence number that an accepted swap got; 0 where it was refused or failed.
  std::uint64_t swap(Register& heads, std::uint64_t expected, std::uint64_t desired) {
    const auto outcome = try_swap(heads, expected, desired);
    if (!outcome) {
      ADD_FAILURE() << outcome.error().message;
      return 0;
    }
    const auto* const accepted = std::get_if<Register::Accepted>(&*outcome);
    return accepted == nullptr ? 0 : accepted->record.sequence;
  }
  /// What a swap failed with.
  ErrorCode swap_error(Register& heads, std::uint64_t expected, std::uint64_t desired,
                       const Context& context = {}) {
    const auto outcome = try_swap(heads, expected, desired, context);
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::internal : outcome.error().code;
  }
  std::optional<HeadRecord> head() {
    const auto head = open()->read(subject_, {});
    EXPECT_TRUE(head.has_value()) << head.error().message;
    return head ? *head : std::nullopt;
  }
  HeadHistory history(std::uint64_t after = 0) {
    const auto history = open()->history(subject_, after, SIZE_MAX, {});
    EXPECT_TRUE(history.has_value()) << history.error().message;
    return history ? *history : HeadHistory{};
  }

  /// How many requests `action` makes.
  template <class Action>
  std::uint64_t requests_of(Action&& action) {
    const std::uint64_t before = cluster_->requests();
    action();
    return cluster_->requests() - before;
  }

  ManualClock clock_;
  std::shared_ptr<FakeEtcd> cluster_ = std::make_shared<FakeEtcd>(clock_);
  const Subject subject_ = *Subject::parse("did:web:example.com:one");
};

}  // namespace dialog::test
