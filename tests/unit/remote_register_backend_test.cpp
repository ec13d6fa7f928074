#include <gtest/gtest.h>
#include <memory>

#include "dialog/remote/register_backend.hpp"

namespace dialog {
namespace {

/// Fails every call in one way.
class FailingRegister final : public Register {
 public:
  explicit FailingRegister(ErrorCode code) : code_(code) {}
  Result<std::optional<HeadRecord>> read(const Subject&, const Context&) override {
    return fail(code_, "injected");
  }
  Result<SwapOutcome> swap(const Subject&, const Swap&, const Context&) override {
    return fail(code_, "injected");
  }
  Result<HeadHistory> history(const Subject&, std::uint64_t, std::size_t, const Context&) override {
    return fail(code_, "injected");
  }

 private:
  ErrorCode code_;
};

class RegisterBackendErrors : public testing::Test {
 protected:
  RevisionBackendError fetch(ErrorCode code) { return backend(code).fetch(subject_).error(); }
  RevisionBackendError swap(ErrorCode code) { return backend(code).swap(subject_, {}, {}).error(); }
  static RegisterBackend backend(ErrorCode code) {
    return RegisterBackend(std::make_shared<FailingRegister>(code));
  }
  const Subject subject_ = *Subject::parse("did:web:example.com");
};

TEST_F(RegisterBackendErrors, AreUnauthorizedWithoutTheRights) {
  EXPECT_NE(fetch(ErrorCode::unauthorized).as<Unauthorized>(), nullptr);
  EXPECT_NE(swap(ErrorCode::unauthorized).as<Unauthorized>(), nullptr);
}

TEST_F(RegisterBackendErrors, AreFailuresOfTheCallWhereTheRegisterIsOutOfReach) {
  for (const ErrorCode code : {ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::cancelled}) {
    EXPECT_NE(fetch(code).as<FetchFailed>(), nullptr);
    const RevisionBackendError error = swap(code);
    ASSERT_NE(error.as<PublishFailed>(), nullptr);
    EXPECT_FALSE(error.as<PublishFailed>()->indeterminate);
    EXPECT_EQ(error.code(), code);
  }
}

TEST_F(RegisterBackendErrors, MarkASwapOfUnknownFate) {
  const RevisionBackendError error = swap(ErrorCode::indeterminate);
  ASSERT_NE(error.as<PublishFailed>(), nullptr);
  EXPECT_TRUE(error.as<PublishFailed>()->indeterminate);
}

TEST_F(RegisterBackendErrors, AreTheProvidersForAllElse) {
  for (const ErrorCode code : {ErrorCode::storage_failed, ErrorCode::corrupt,
                               ErrorCode::not_a_remote, ErrorCode::unsupported}) {
    EXPECT_NE(fetch(code).as<ProviderError>(), nullptr);
    EXPECT_NE(swap(code).as<ProviderError>(), nullptr);
    EXPECT_EQ(swap(code).code(), code);
  }
}

}  // namespace
}  // namespace dialog
