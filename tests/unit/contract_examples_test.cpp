// The examples of the contract, as a user of this library writes them.

#include <chrono>
#include <gtest/gtest.h>

#include "contract_remote.hpp"
#include "dialog/async/async_backend.hpp"
#include "dialog/backends/rest.hpp"
#include "dialog/remote/memory_backend.hpp"

namespace {

using namespace std::chrono_literals;
using dialog::AuthMethod;
using dialog::Hash;
using dialog::MemoryBackendProvider;
using dialog::RestBackendConfig;
using dialog::Revision;
using dialog::RevisionBackend;
using dialog::RevisionMismatch;
using dialog::Subject;

constexpr auto kDid = "did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi";

Revision revision_of(char octet) { return Revision(*Hash::from_bytes(std::string(32, octet))); }

TEST(ContractExamples, MemoryBackend) {
  // Create a provider
  MemoryBackendProvider provider;
  const Subject subject = *Subject::parse(kDid);
  const Revision initial = revision_of(1);

  ASSERT_TRUE(provider.initialize(subject, initial));

  // Create several consumers that share the same state
  auto consumer1 = provider.connect();
  auto consumer2 = provider.connect();

  // Both fetch the same revision
  const auto rev1 = consumer1.fetch(subject);
  const auto rev2 = consumer2.fetch(subject);
  ASSERT_TRUE(rev1 && rev2);
  EXPECT_EQ(*rev1, *rev2);

  // Attempt two swaps: only one succeeds
  const Revision new1 = revision_of(2);
  const Revision new2 = revision_of(3);

  const auto result1 = consumer1.swap(subject, initial, new1);
  const auto result2 = consumer2.swap(subject, initial, new2);

  // The other fails with RevisionMismatch, and carries what is there
  EXPECT_TRUE(result1.has_value());
  ASSERT_FALSE(result2.has_value());
  const auto* mismatch = result2.error().as<RevisionMismatch>();
  ASSERT_NE(mismatch, nullptr);
  EXPECT_EQ(mismatch->subject, subject);
  EXPECT_EQ(mismatch->expected, initial);
  EXPECT_EQ(mismatch->actual, new1);

  // Each consumer keeps a cache of its own
  EXPECT_EQ(*consumer1.revision(subject), new1);
  EXPECT_EQ(*consumer2.revision(subject), new1);
}

TEST(ContractExamples, RestBackendWithoutAuthentication) {
  const RestBackendConfig config("https://api.example.com/register");
  auto backend = dialog::make_rest_backend(config);
  ASSERT_TRUE(backend.has_value());
}

TEST(ContractExamples, RestBackendWithABearerToken) {
  const auto config = RestBackendConfig("https://api.example.com/register")
                          .with_auth(AuthMethod::bearer("my-secret-token"))
                          .with_timeout(60s);

  auto backend = dialog::make_rest_backend(config);
  ASSERT_TRUE(backend.has_value());
}

TEST(ContractExamples, RestBackendFetchesAndSwaps) {
  dialog::test::ContractRemote remote("token");
  const Subject subject = *Subject::parse(kDid);
  remote.publish(subject, revision_of(1));

  // Configure the backend
  const auto config = RestBackendConfig(remote.url())
                          .with_auth(AuthMethod::bearer("token"))
                          .with_timeout(30s)
                          .with_header("X-Custom-Header", "value");

  auto backend = dialog::make_rest_backend(config);
  ASSERT_TRUE(backend.has_value());

  // Fetch the current revision
  const auto current = backend->fetch(subject);
  ASSERT_TRUE(current.has_value()) << current.error().message();

  // Update with compare-and-swap
  const Revision new_rev = revision_of(2);
  const auto swapped = backend->swap(subject, *current, new_rev);
  ASSERT_TRUE(swapped.has_value()) << swapped.error().message();

  EXPECT_EQ(backend->fetch(subject), new_rev);
}

TEST(ContractExamples, FuturesInsteadOfWaiting) {
  dialog::test::ContractRemote remote("token");
  const Subject subject = *Subject::parse(kDid);
  const auto config = RestBackendConfig(remote.url()).with_auth(AuthMethod::bearer("token"));

  dialog::AsyncBackend backend(dialog::make_rest_backend(config)->clone(),
                               std::make_shared<dialog::ThreadPool>());
  auto swapped = backend.swap(subject, Revision(), revision_of(1));
  ASSERT_TRUE(swapped.get().has_value());
  EXPECT_EQ(backend.fetch(subject).get(), revision_of(1));
}

// The flow of a synchronization: fetch, reconcile, integrate, swap, and once more where another was
// first.
TEST(ContractExamples, AnotherWriterFirst) {
  MemoryBackendProvider provider;
  const Subject subject = *Subject::parse(kDid);
  const Revision initial = revision_of(1);
  ASSERT_TRUE(provider.initialize(subject, initial));
  auto mine = provider.connect();
  auto theirs = provider.connect();

  const auto integrate = [](const Revision& fetched) {
    return Revision(Hash::of(fetched.hex() + " and my changes"));
  };
  Revision fetched = *mine.fetch(subject);
  ASSERT_TRUE(theirs.swap(subject, fetched, revision_of(2)));

  auto swapped = mine.swap(subject, fetched, integrate(fetched));
  while (!swapped) {
    const auto* mismatch = swapped.error().as<RevisionMismatch>();
    ASSERT_NE(mismatch, nullptr) << swapped.error().message();
    fetched = mismatch->actual;
    swapped = mine.swap(subject, fetched, integrate(fetched));
  }
  EXPECT_EQ(theirs.fetch(subject), integrate(revision_of(2)));
}

TEST(ContractExamples, ErrorsHaveTheKindsAndFieldsOfTheContract) {
  using namespace dialog;
  const Subject subject = *Subject::parse(kDid);
  const std::vector<RevisionBackendError> errors{
      Unauthorized{.subject = subject, .reason = "no token"},
      RevisionMismatch{.subject = subject, .expected = revision_of(1), .actual = revision_of(2)},
      FetchFailed{.subject = subject, .reason = "no route"},
      PublishFailed{.subject = subject, .reason = "no route"},
      ProviderError{.subject = subject, .reason = "disk"},
      NotFound{.subject = subject},
  };
  for (const RevisionBackendError& error : errors) EXPECT_EQ(error.subject(), subject);
  EXPECT_EQ(errors[0].as<Unauthorized>()->reason, "no token");
  EXPECT_EQ(errors[1].as<RevisionMismatch>()->expected, revision_of(1));
  EXPECT_EQ(errors[1].as<RevisionMismatch>()->actual, revision_of(2));
  EXPECT_EQ(errors[2].as<FetchFailed>()->reason, "no route");
  EXPECT_EQ(errors[3].as<PublishFailed>()->reason, "no route");
  EXPECT_EQ(errors[4].as<ProviderError>()->reason, "disk");
  EXPECT_NE(errors[5].as<NotFound>(), nullptr);
}

// Any backend goes where the interface is asked for.
std::optional<Revision> published(RevisionBackend& backend, const Subject& subject) {
  const auto fetched = backend.fetch(subject);
  return fetched ? std::optional<Revision>(*fetched) : std::nullopt;
}

TEST(ContractExamples, BackendsShareOneInterface) {
  const Subject subject = *Subject::parse(kDid);
  MemoryBackendProvider provider;
  ASSERT_TRUE(provider.initialize(subject, revision_of(1)));
  auto memory = provider.connect();
  EXPECT_EQ(published(memory, subject), revision_of(1));

  dialog::test::ContractRemote remote("token");
  remote.publish(subject, revision_of(2));
  auto rest = dialog::make_rest_backend(
      RestBackendConfig(remote.url()).with_auth(AuthMethod::bearer("token")));
  EXPECT_EQ(published(*rest, subject), revision_of(2));
  EXPECT_EQ(published(*rest->clone(), subject), revision_of(2));
}

}  // namespace
