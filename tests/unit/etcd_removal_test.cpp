#include <vector>

#include "dialog/cloud/etcd_revocations.hpp"
#include "etcd_fixture.hpp"

namespace dialog::test {
namespace {

/// A register that other processes remove subjects from.
class EtcdRemoval : public EtcdTest {
 protected:
  bool begin(SharedRegister& heads, bool unpublished_too = false) {
    const auto begun = heads.begin_removal(subject_, unpublished_too, {});
    EXPECT_TRUE(begun.has_value()) << begun.error().message;
    return begun && *begun;
  }
  void end(SharedRegister& heads) {
    const auto ended = heads.end_removal(subject_, {});
    EXPECT_TRUE(ended.has_value()) << ended.error().message;
  }
  void remove(SharedRegister& heads) {
    EXPECT_TRUE(begin(heads));
    end(heads);
  }
  std::size_t keys() { return cluster_->contents().size(); }
};

TEST_F(EtcdRemoval, LeavesTheRemovalAlone) {
  const auto heads = open();
  for (std::uint64_t i = 0; i < 20; ++i) swap(*heads, i, i + 1);
  EXPECT_EQ(keys(), 21U);
  EXPECT_EQ(requests_of([&] { remove(*heads); }), 2U);
  EXPECT_EQ(keys(), 2U);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(swap(*heads, 0, 1), 1U);
    remove(*heads);
  }
  EXPECT_EQ(keys(), 2U);
}

TEST_F(EtcdRemoval, ByAnotherIsSeenByWhoeverRemembersTheHead) {
  const auto stale = open();
  swap(*stale, 0, 1);
  swap(*stale, 1, 2);
  remove(*open());
  EXPECT_EQ(swap(*stale, 2, 3), 0U);
  EXPECT_EQ(swap(*stale, 0, 4), 1U);
  remove(*open());
  EXPECT_EQ(swap(*stale, 0, 5), 1U);
}

TEST_F(EtcdRemoval, TheHistoryIsReadByTheNumbersOfTheNewLife) {
  const auto stale = open();
  for (std::uint64_t i = 0; i < 10; ++i) swap(*stale, i, i + 1);
  const auto other = open();
  remove(*other);
  for (std::uint64_t i = 0; i < 5; ++i) swap(*other, i, i + 1);
  for (const auto& asked : {std::pair(&stale, 2U), std::pair(&other, 1U)}) {
    const auto* const heads = asked.first;
    const unsigned requests = asked.second;
    std::vector<std::uint64_t> numbers;
    EXPECT_EQ(requests_of([&] {
                const auto history = (*heads)->history(subject_, 3, 10, {});
                ASSERT_TRUE(history.has_value()) << history.error().message;
                EXPECT_TRUE(history->complete);
                for (const auto& record : history->records) numbers.push_back(record.sequence);
              }),
              requests);
    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{4, 5}));
  }
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(history().records.size(), 5U); }), 2U);
}

class EtcdRemovalFault : public EtcdRemoval, public testing::WithParamInterface<Fault> {};

TEST_P(EtcdRemovalFault, HappensOnceAllTheSame) {
  const auto heads = open();
  swap(*heads, 0, 1);
  inject(GetParam());
  EXPECT_TRUE(begin(*heads));
  inject(GetParam());
  end(*heads);
  EXPECT_EQ(head(), std::nullopt);
  EXPECT_EQ(swap(*heads, 0, 2), 1U);
  EXPECT_EQ(swap(*open(), 2, 3), 2U);
}

INSTANTIATE_TEST_SUITE_P(Faults, EtcdRemovalFault,
                         testing::Values(Fault::refuse_connection, Fault::lose_request,
                                         Fault::lose_answer, Fault::hang_before, Fault::hang_after,
                                         Fault::late, Fault::no_leader, Fault::no_leader_after,
                                         Fault::busy, Fault::full_after, Fault::no_json,
                                         Fault::proxy_error));

// A copy of a swap that is still under way must not bring back what was removed.
TEST_F(EtcdRemoval, ASwapWhoseAnswerWasLostIsNotCarriedOutOnceMore) {
  for (const std::uint64_t from : {0U, 1U}) {
    const auto heads = open();
    const auto other = open();
    ASSERT_TRUE(heads->read(subject_, {}).has_value());
    inject(Fault::lose_answer);
    cluster_->on_fault = [&] { remove(*other); };
    EXPECT_EQ(swap_error(*heads, from, from + 1), ErrorCode::indeterminate);
    cluster_->on_fault = nullptr;
    EXPECT_EQ(head(), std::nullopt);
    EXPECT_EQ(swap(*heads, 0, 1), 1U);
  }
}

TEST_F(EtcdRemoval, ASwapThatWasNeverCarriedOutMayNotBeTakenForOneOfTheNewLife) {
  const auto heads = open();
  const auto other = open();
  swap(*heads, 0, 1);
  inject(Fault::lose_request);
  cluster_->on_fault = [&] {
    remove(*other);
    for (std::uint64_t i = 0; i < 5; ++i) swap(*other, i, i + 1);
  };
  EXPECT_EQ(swap_error(*heads, 1, 2), ErrorCode::indeterminate);
}

TEST_F(EtcdRemoval, TheListIsReadInPagesOfTheCluster) {
  const auto heads = open();
  for (int i = 0; i < 300; ++i) {
    const Subject subject = *Subject::parse("did:web:example.com:s" + std::to_string(i));
    const Register::Swap first{{}, revision(1), {}, "", false};
    ASSERT_TRUE(heads->swap(subject, first, {}).has_value());
    if (i % 3 != 0) continue;
    ASSERT_TRUE(heads->begin_removal(subject, false, {}).has_value());
    ASSERT_TRUE(heads->end_removal(subject, {}).has_value());
  }
  EXPECT_EQ(requests_of([&] {
              const auto page = heads->list({}, 1000, {});
              ASSERT_TRUE(page.has_value()) << page.error().message;
              EXPECT_TRUE(page->complete);
              EXPECT_EQ(page->entries.size(), 200U);
            }),
            3U);
  EXPECT_EQ(heads->list({}, 200, {})->entries.size(), 200U);
}

class EtcdRevocationFault : public EtcdTest, public testing::WithParamInterface<Fault> {};

TEST_P(EtcdRevocationFault, NoneIsLost) {
  auto revocations = *EtcdRevocations::create(*EtcdAddress::parse("etcd://one,two,three"), {},
                                              {cluster_, &clock_, &system_random()});
  for (int i = 0; i < 3; ++i) {
    cluster_->inject(Fault::pass);
    inject(GetParam());
    const Revoke revoke{{Hash::of(std::to_string(i)), std::chrono::seconds(9)}};
    const auto added = revocations->add(subject_, revoke, {});
    EXPECT_TRUE(added.has_value()) << added.error().message;
  }
  EXPECT_EQ(revocations->list(subject_, {}).value().size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Faults, EtcdRevocationFault,
                         testing::Values(Fault::refuse_connection, Fault::lose_request,
                                         Fault::lose_answer, Fault::hang_before, Fault::hang_after,
                                         Fault::late, Fault::no_leader, Fault::no_leader_after,
                                         Fault::busy, Fault::proxy_error));

}  // namespace
}  // namespace dialog::test
