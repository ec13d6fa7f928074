#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/remote/backend_error.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/remote/revision_cache.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {
namespace {

using testing::HasSubstr;

constexpr std::string_view kDid = "did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi";

Subject subject() { return *Subject::parse(kDid); }
Revision revision(std::string_view text) { return Revision(Hash::of(text)); }

TEST(Subject, IsAnyDidOfValidSyntax) {
  for (const std::string_view did : {kDid, std::string_view("did:web:example.com%3A8443:u"),
                                     std::string_view("did:example:123")}) {
    const auto parsed = Subject::parse(did);
    ASSERT_TRUE(parsed.has_value()) << did;
    EXPECT_EQ(parsed->did(), did);
  }
}

TEST(Subject, RefusesWhatIsNoDid) {
  for (const std::string_view text : {"", "did:", "did:web", "did:web:", "key:z6Mk", "did:web:a b",
                                      "did:web:a/b", "did:web:a#b", "did:web:%zz"}) {
    const auto parsed = Subject::parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Subject, RefusesADidKeyThatIsNotCanonical) {
  EXPECT_FALSE(Subject::parse("did:key:z0" + std::string(kDid.substr(10))).has_value());
  EXPECT_FALSE(Subject::parse("did:key:z1" + std::string(kDid.substr(9))).has_value());
}

TEST(Subject, IsBoundedInLength) {
  EXPECT_TRUE(Subject::parse("did:web:" + std::string(2040, 'a')).has_value());
  EXPECT_FALSE(Subject::parse("did:web:" + std::string(2041, 'a')).has_value());
}

TEST(Subject, HasTheHashOfItsTextAsItsId) { EXPECT_EQ(subject().id(), Hash::of(kDid)); }

TEST(Revision, IsZeroByDefault) {
  EXPECT_TRUE(Revision().is_zero());
  EXPECT_EQ(Revision().hex(), std::string(64, '0'));
  EXPECT_FALSE(revision("a").is_zero());
}

TEST(Revision, ReadsBothCasesAndPrintsLowerCase) {
  const std::string hex = revision("a").hex();
  std::string upper = hex;
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  EXPECT_EQ(Revision::from_hex(hex), revision("a"));
  EXPECT_EQ(Revision::from_hex(upper), revision("a"));
  EXPECT_EQ(Revision::from_hex(upper)->hex(), hex);
}

TEST(Revision, IsNothingElse) {
  const std::string hex = revision("a").hex();
  EXPECT_EQ(Revision::from_hex(hex.substr(1)), std::nullopt);
  EXPECT_EQ(Revision::from_hex(hex + "0"), std::nullopt);
  EXPECT_EQ(Revision::from_hex("\"" + hex.substr(2) + "\""), std::nullopt);
  EXPECT_EQ(Revision::from_hex(hex.substr(1) + "g"), std::nullopt);
  EXPECT_EQ(Revision::from_hex(""), std::nullopt);
}

TEST(RevisionBackendError, UnauthorizedTellsSubjectAndReason) {
  const RevisionBackendError error = Unauthorized{subject(), "no token"};
  ASSERT_NE(error.as<Unauthorized>(), nullptr);
  EXPECT_EQ(error.as<Unauthorized>()->reason, "no token");
  EXPECT_EQ(error.subject(), subject());
  EXPECT_EQ(error.code(), ErrorCode::unauthorized);
  EXPECT_THAT(error.message(), HasSubstr("no token"));
}

TEST(RevisionBackendError, RevisionMismatchTellsWhatWasExpectedAndWhatIsThere) {
  const RevisionBackendError error = RevisionMismatch{subject(), revision("a"), revision("b")};
  const auto* mismatch = error.as<RevisionMismatch>();
  ASSERT_NE(mismatch, nullptr);
  EXPECT_EQ(mismatch->subject, subject());
  EXPECT_EQ(mismatch->expected, revision("a"));
  EXPECT_EQ(mismatch->actual, revision("b"));
  EXPECT_EQ(error.code(), ErrorCode::conflict);
  EXPECT_THAT(error.message(), HasSubstr(revision("b").hex()));
}

TEST(RevisionBackendError, FetchFailedMayBeTriedAgainLater) {
  const RevisionBackendError error = FetchFailed{subject(), "connection lost"};
  ASSERT_NE(error.as<FetchFailed>(), nullptr);
  EXPECT_EQ(error.code(), ErrorCode::unavailable);
  EXPECT_EQ(error_row(error.code()).retry, Retry::later);
}

TEST(RevisionBackendError, PublishFailedTellsWhetherItMayHaveHappened) {
  const RevisionBackendError certain = PublishFailed{subject(), "connection refused"};
  EXPECT_EQ(certain.code(), ErrorCode::unavailable);
  const RevisionBackendError open = PublishFailed{subject(), "connection lost", true};
  ASSERT_NE(open.as<PublishFailed>(), nullptr);
  EXPECT_EQ(open.code(), ErrorCode::indeterminate);
  EXPECT_EQ(error_row(open.code()).retry, Retry::after_fetch);
  EXPECT_THAT(open.message(), HasSubstr("fetch"));
}

TEST(RevisionBackendError, ProviderErrorAndNotFoundAreTheirOwnKinds) {
  const RevisionBackendError provider = ProviderError{subject(), "disk"};
  EXPECT_NE(provider.as<ProviderError>(), nullptr);
  EXPECT_EQ(provider.as<FetchFailed>(), nullptr);
  EXPECT_EQ(provider.code(), ErrorCode::storage_failed);
  const RevisionBackendError missing = NotFound{subject()};
  EXPECT_NE(missing.as<NotFound>(), nullptr);
  EXPECT_EQ(missing.code(), ErrorCode::not_found);
}

TEST(RevisionBackendError, MayCarryACodeThatSaysMore) {
  const RevisionBackendError error(FetchFailed{subject(), "too late"}, ErrorCode::timeout);
  EXPECT_EQ(error.code(), ErrorCode::timeout);
  EXPECT_EQ(error.to_error().code, ErrorCode::timeout);
  EXPECT_EQ(error.to_error().message, error.message());
}

TEST(RevisionCache, CopiesGoTheirOwnWay) {
  RevisionCache cache;
  cache.store(subject(), revision("a"));
  RevisionCache copy = cache;
  cache.store(subject(), revision("b"));
  EXPECT_EQ(copy.find(subject()), revision("a"));
  copy = cache;
  EXPECT_EQ(copy.find(subject()), revision("b"));
  cache.forget(subject());
  EXPECT_EQ(cache.find(subject()), std::nullopt);
  EXPECT_EQ(copy.find(subject()), revision("b"));
}

}  // namespace
}  // namespace dialog
