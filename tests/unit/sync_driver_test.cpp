#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replica_fixture.hpp"

namespace dialog::test {
namespace {

/// Answers every swap with one error.
class FailingBackend final : public RevisionBackend {
 public:
  FailingBackend(RevisionBackend& inner, RevisionBackendError error)
      : inner_(inner), error_(std::move(error)) {}

  std::size_t swaps() const { return swaps_; }

 private:
  RemoteResult<std::optional<Revision>> do_revision(const Subject& subject) const override {
    return inner_.revision(subject);
  }
  RemoteResult<Head> do_fetch(const Subject& subject, const Context& context) override {
    return inner_.fetch_head(subject, context);
  }
  RemoteResult<Head> do_swap(const Subject&, const Revision&, const Revision&,
                             const Context&) override {
    ++swaps_;
    return fail(error_);
  }
  RemoteResult<std::optional<HeadHistory>> do_history(const Subject& subject, std::uint64_t after,
                                                      const Context& context) override {
    return inner_.history(subject, after, context);
  }
  std::unique_ptr<RevisionBackend> do_clone() const override { return nullptr; }

  RevisionBackend& inner_;
  RevisionBackendError error_;
  std::size_t swaps_ = 0;
};

/// A push whose swap fails with one error.
class FailedSwap : public testing::Test {
 protected:
  Error push(const RevisionBackendError& error) {
    device_.put("a", "1");
    FailingBackend backend(remote_.backend, error);
    const auto pushed = device_->push("main", {"origin", remote_.subject, backend, remote_.blocks});
    swaps_ = backend.swaps();
    EXPECT_FALSE(pushed.has_value());
    return pushed ? Error{} : pushed.error();
  }

  TestRemote remote_;
  Device device_;
  std::size_t swaps_ = 0;
};

TEST_F(FailedSwap, OfAFullRegisterCertainlyHadNoEffect) {
  const Error error = push(
      {ProviderError{remote_.subject, "no space is left on the server"}, ErrorCode::storage_full});
  EXPECT_EQ(error.code, ErrorCode::storage_full);
  EXPECT_THAT(error.message, testing::HasSubstr("no space is left on the server"));
  EXPECT_EQ(swaps_, 1U);
  EXPECT_TRUE(device_.tracking().intents.empty());
}

TEST_F(FailedSwap, OfAFailedRegisterMayHaveHadOneAndIsNamed) {
  const Error error = push(ProviderError{remote_.subject, "the disk does not answer"});
  EXPECT_EQ(error.code, ErrorCode::indeterminate);
  EXPECT_THAT(error.message, testing::HasSubstr("the disk does not answer"));
  ASSERT_EQ(device_.tracking().intents.size(), 1U);
  EXPECT_EQ(device_.tracking().intents[0].requests, 3U);
}

TEST(RejectedPush, KeepsInTheRepositoryThatTheRemoteHadAHead) {
  TestRemote remote;
  Device peer;
  Device device;
  const Revision theirs = peer.put("theirs", "1");
  ASSERT_TRUE(peer->push("main", remote.connection()).has_value());
  device.put("mine", "1");
  const auto rejected = device->push("main", remote.connection());
  ASSERT_EQ(rejected->outcome.kind, PushOutcome::Kind::rejected);
  EXPECT_EQ(device.tracking().shown, (Head{theirs, 1}));
  TestRemote wiped;
  EXPECT_EQ(device->push("main", wiped.connection()).error().code, ErrorCode::remote_reset);
  EXPECT_TRUE(wiped.revision().is_zero());
}

}  // namespace
}  // namespace dialog::test
