#include "etcd_fixture.hpp"

namespace dialog::test {
namespace {

using Fault = FakeEtcd::Fault;
using EtcdSwap = EtcdTest;

TEST_F(EtcdSwap, TheFirstTakesOneRequest) {
  const auto heads = open();
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*heads, 0, 1), 1U); }), 1U);
}

TEST_F(EtcdSwap, OneAfterALookOrASwapTakesOneRequest) {
  swap(*open(), 0, 1);
  const auto heads = open();
  EXPECT_EQ(requests_of([&] { EXPECT_TRUE(heads->read(subject_, {}).has_value()); }), 1U);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*heads, 1, 2), 2U); }), 1U);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*heads, 2, 3), 3U); }), 1U);
}

TEST_F(EtcdSwap, OneWithoutALookBeforeTakesTwoRequests) {
  swap(*open(), 0, 1);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*open(), 1, 2), 2U); }), 2U);
}

TEST_F(EtcdSwap, ARefusedOneTakesOneRequest) {
  const auto heads = open();
  swap(*heads, 0, 1);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*heads, 7, 2), 0U); }), 1U);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*open(), 0, 2), 0U); }), 1U);
}

TEST_F(EtcdSwap, WhatAnotherChangedMeanwhileCostsOneMoreRequest) {
  const auto stale = open();
  swap(*stale, 0, 1);
  const auto other = open();
  EXPECT_EQ(swap(*other, 1, 2), 2U);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*stale, 2, 3), 3U); }), 2U);
}

TEST_F(EtcdSwap, ARevisionThatCameBackIsTakenForWhatItIs) {
  const auto stale = open();
  swap(*stale, 0, 1);
  const auto other = open();
  swap(*other, 1, 2);
  swap(*other, 2, 1);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*stale, 1, 3), 4U); }), 2U);
  EXPECT_EQ(head()->previous, revision(1));
}

TEST_F(EtcdSwap, ARefusalShowsWhatIsThereNow) {
  const auto stale = open();
  swap(*stale, 0, 1);
  swap(*open(), 1, 2);
  const auto outcome = try_swap(*stale, 1, 3);
  ASSERT_TRUE(outcome.has_value());
  const auto& refused = std::get<Register::Refused>(*outcome);
  ASSERT_TRUE(refused.actual.has_value());
  EXPECT_EQ(refused.actual->revision, revision(2));
  EXPECT_EQ(refused.actual->sequence, 2U);
}

class EtcdSwapFault : public EtcdTest, public testing::WithParamInterface<Fault> {};

TEST_P(EtcdSwapFault, HappensOnceAllTheSame) {
  const auto heads = open();
  EXPECT_EQ(swap(*heads, 0, 1), 1U);
  inject(GetParam());
  EXPECT_EQ(swap(*heads, 1, 2), 2U);
  EXPECT_EQ(swap(*heads, 2, 3), 3U);
  EXPECT_EQ(head()->sequence, 3U);
  EXPECT_EQ(history().records.size(), 3U);
}

TEST_P(EtcdSwapFault, HappensOnceAlsoAsTheFirst) {
  const auto heads = open();
  inject(GetParam());
  EXPECT_EQ(swap(*heads, 0, 1), 1U);
  EXPECT_EQ(history().records.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Faults, EtcdSwapFault,
                         testing::Values(Fault::refuse_connection, Fault::lose_request,
                                         Fault::lose_answer, Fault::hang_before, Fault::hang_after,
                                         Fault::late, Fault::no_leader, Fault::no_leader_after,
                                         Fault::busy, Fault::full_after, Fault::no_json,
                                         Fault::proxy_error));

TEST_F(EtcdSwap, ALostAnswerCostsOneMoreRequest) {
  const auto heads = open();
  inject(Fault::lose_answer);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*heads, 0, 1), 1U); }), 2U);
}

TEST_F(EtcdSwap, RecognizesItsOwnThoughOthersFollowed) {
  const auto heads = open();
  const auto other = open();
  inject(Fault::lose_answer);
  cluster_->on_fault = [&] {
    EXPECT_EQ(swap(*other, 1, 2), 2U);
    EXPECT_EQ(swap(*other, 2, 3), 3U);
  };
  EXPECT_EQ(swap(*heads, 0, 1), 1U);
  EXPECT_EQ(head()->sequence, 3U);
}

TEST_F(EtcdSwap, DoesNotTakeAnEqualOneOfAnotherForItsOwn) {
  const auto heads = open();
  const auto other = open();
  inject(Fault::lose_request);
  cluster_->on_fault = [&] { EXPECT_EQ(swap(*other, 0, 1), 1U); };
  const auto outcome = try_swap(*heads, 0, 1);
  ASSERT_TRUE(outcome.has_value());
  ASSERT_TRUE(std::holds_alternative<Register::Refused>(*outcome));
  EXPECT_EQ(std::get<Register::Refused>(*outcome).actual->revision, revision(1));
}

TEST_F(EtcdSwap, OneThatTheHistoryDoesNotTellAnyMoreIsIndeterminate) {
  EtcdOptions options;
  options.history_kept = 1;
  const auto heads = open(options);
  const auto other = open(options);
  inject(Fault::lose_answer);
  cluster_->on_fault = [&] { EXPECT_EQ(swap(*other, 1, 2), 2U); };
  EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::indeterminate);
}

TEST_F(EtcdSwap, AShortHistoryLeavesNothingOpenWhereNoAnswerWasLost) {
  EtcdOptions options;
  options.history_kept = 1;
  const auto stale = open(options);
  swap(*stale, 0, 1);
  const auto other = open(options);
  swap(*other, 1, 2);
  swap(*other, 2, 3);
  swap(*other, 3, 1);
  EXPECT_EQ(swap(*stale, 1, 5), 5U);
}

TEST_F(EtcdSwap, WithoutAnyAnswerItIsIndeterminate) {
  const auto heads = open();
  inject(Fault::lose_request, 15);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::indeterminate); }),
            15U);
  EXPECT_EQ(head(), std::nullopt);
}

TEST_F(EtcdSwap, ADefiniteRefusalAfterALostAnswerLeavesItIndeterminate) {
  const auto heads = open();
  inject(Fault::lose_answer);
  inject(Fault::full);
  EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::indeterminate);
}

TEST_F(EtcdSwap, ThatReachedNobodyDidNotHappen) {
  const auto heads = open();
  inject(Fault::refuse_connection, 15);
  EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::unavailable);
  EXPECT_EQ(head(), std::nullopt);
}

TEST_F(EtcdSwap, AgainstTheQuotaDidNotHappen) {
  const auto heads = open();
  inject(Fault::full);
  EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::storage_full);
  EXPECT_EQ(head(), std::nullopt);
}

TEST_F(EtcdSwap, AgainstTheQuotaThatNobodyCanSeeIsIndeterminate) {
  const auto heads = open();
  inject(Fault::full_after);
  inject(Fault::refuse_connection, 15);
  EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::indeterminate);
}

TEST_F(EtcdSwap, AfterAnIndeterminateOneALookTells) {
  const auto heads = open();
  swap(*heads, 0, 1);
  inject(Fault::lose_answer);
  inject(Fault::lose_request, 14);
  EXPECT_EQ(swap_error(*heads, 1, 2), ErrorCode::indeterminate);
  EXPECT_EQ((*heads->read(subject_, {}))->revision, revision(2));
  EXPECT_EQ(swap(*heads, 2, 3), 3U);
}

TEST_F(EtcdSwap, AuthorsMustBeTextAndShort) {
  const auto heads = open();
  Register::Swap wanted{revision(0), revision(1), {}, std::string(4097, 'a'), false};
  EXPECT_EQ(heads->swap(subject_, wanted, {}).error().code, ErrorCode::too_large);
  wanted.author = "\xff";
  EXPECT_EQ(heads->swap(subject_, wanted, {}).error().code, ErrorCode::invalid_argument);
  wanted.author = std::string(4096, '"');
  EXPECT_TRUE(heads->swap(subject_, wanted, {}).has_value());
  EXPECT_EQ(head()->author, wanted.author);
}

using EtcdHistory = EtcdTest;

TEST_F(EtcdHistory, KeepsTheLatestSwapsAlone) {
  EtcdOptions options;
  options.history_kept = 3;
  const auto heads = open(options);
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(swap(*heads, i, i + 1), i + 1);
  const HeadHistory all = history();
  ASSERT_EQ(all.records.size(), 3U);
  EXPECT_EQ(all.records.front().sequence, 3U);
  EXPECT_FALSE(all.complete);
  EXPECT_TRUE(history(2).complete);
  EXPECT_EQ(cluster_->contents().size(), 4U);
}

TEST_F(EtcdHistory, ShrinksAtOnceWhereLessIsKeptThanBefore) {
  const auto heads = open();
  for (std::uint64_t i = 0; i < 50; ++i) swap(*heads, i, i + 1);
  EXPECT_EQ(history().records.size(), 50U);
  EtcdOptions options;
  options.history_kept = 2;
  swap(*open(options), 50, 51);
  EXPECT_EQ(history().records.size(), 2U);
}

TEST_F(EtcdHistory, IsReadInPages) {
  const auto heads = open();
  for (std::uint64_t i = 0; i < 300; ++i) swap(*heads, i, i + 1);
  HeadHistory all;
  EXPECT_EQ(requests_of([&] { all = history(); }), 3U);
  ASSERT_EQ(all.records.size(), 300U);
  EXPECT_TRUE(all.complete);
  EXPECT_EQ(all.records.back().sequence, 300U);
  HeadHistory some;
  EXPECT_EQ(requests_of([&] { some = *open()->history(subject_, 20, 128, {}); }), 1U);
  EXPECT_EQ(some.records.back().sequence, 148U);
  EXPECT_FALSE(some.complete);
}

TEST_F(EtcdHistory, HasNoGapWhereTheOldestGoWhileItIsRead) {
  EtcdOptions options;
  options.history_kept = 140;
  const auto heads = open(options);
  for (std::uint64_t i = 0; i < 140; ++i) swap(*heads, i, i + 1);
  // The second page's first attempt fails, and meanwhile there are 140 swaps more.
  cluster_->on_fault = [&] {
    cluster_->on_fault = nullptr;
    for (std::uint64_t i = 140; i < 280; ++i) swap(*heads, i, i + 1);
  };
  cluster_->inject(Fault::pass);
  inject(Fault::busy);
  const HeadHistory all = history();
  ASSERT_EQ(all.records.size(), 140U);
  EXPECT_EQ(all.records.front().sequence, 141U);
  EXPECT_EQ(all.records.back().sequence, 280U);
  EXPECT_FALSE(all.complete);
}

}  // namespace
}  // namespace dialog::test
