#include <chrono>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/base/check.hpp"
#include "dialog/cloud/s3_register.hpp"
#include "support/acting_clock.hpp"
#include "support/fake_s3.hpp"
#include "support/seeds.hpp"
#include "support/subjects.hpp"

namespace dialog::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class S3RegisterFaults : public testing::Test {
 protected:
  std::unique_ptr<S3Register> connect() { return connect(store_->config()); }
  std::unique_ptr<S3Register> connect(S3Config config) {
    auto made = S3Register::create(std::move(config), {store_, &clock_, &system_random()});
    DIALOG_CHECK(made.has_value(), "the register of a test");
    return *std::move(made);
  }

  static Register::Swap step(std::uint64_t from, std::uint64_t to) {
    return {revision_number(from), revision_number(to), WallTime(1000 + to), "alice", false};
  }
  Result<Register::SwapOutcome> swap(S3Register& heads, std::uint64_t from, std::uint64_t to) {
    return heads.swap(subject_, step(from, to), {});
  }
  /// The sequence number that an accepted swap got, 0 where it was refused.
  std::uint64_t accepted(S3Register& heads, std::uint64_t from, std::uint64_t to) {
    const auto outcome = swap(heads, from, to);
    if (!outcome) {
      ADD_FAILURE() << outcome.error().message;
      return 0;
    }
    const auto* const done = std::get_if<Register::Accepted>(&*outcome);
    return done ? done->record.sequence : 0;
  }
  ErrorCode failure(S3Register& heads, std::uint64_t from, std::uint64_t to) {
    const auto outcome = swap(heads, from, to);
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::internal : outcome.error().code;
  }
  /// What a register that has seen nothing reads.
  std::uint64_t sequence() {
    const auto record = connect()->read(subject_, {});
    return record && *record ? (*record)->sequence : 0;
  }
  std::string head_key() const { return "some/prefix/" + subject_.id().hex() + "/head"; }

  ManualClock clock_;
  std::shared_ptr<FakeS3> store_ = std::make_shared<FakeS3>(clock_);
  const Subject subject_ = subject_named("one");
};

TEST_F(S3RegisterFaults, AReadIsOneRequestAndASwapBehindItAnother) {
  ASSERT_EQ(accepted(*connect(), 0, 1), 1U);
  const auto heads = connect();
  store_->clear_log();
  ASSERT_TRUE(heads->read(subject_, {}).has_value());
  EXPECT_EQ(accepted(*heads, 1, 2), 2U);
  EXPECT_EQ(accepted(*heads, 2, 3), 3U);
  EXPECT_THAT(store_->log(), ElementsAre("GET /bucket/" + head_key(), "PUT /bucket/" + head_key(),
                                         "PUT /bucket/" + head_key()));
}

TEST_F(S3RegisterFaults, ASwapThatSawNothingLooksFirst) {
  ASSERT_EQ(accepted(*connect(), 0, 1), 1U);
  store_->clear_log();
  EXPECT_EQ(accepted(*connect(), 1, 2), 2U);
  EXPECT_EQ(store_->requests(), 2U);
}

TEST_F(S3RegisterFaults, WhoLosesLooksOnceMore) {
  const auto slow = connect();
  ASSERT_EQ(accepted(*slow, 0, 1), 1U);
  ASSERT_EQ(accepted(*connect(), 1, 2), 2U);
  store_->clear_log();
  EXPECT_EQ(accepted(*slow, 1, 3), 0U);
  EXPECT_EQ(store_->requests(), 2U);
}

TEST_F(S3RegisterFaults, TheFirstRecordOfAllCostsAProbeOfFiveRequests) {
  const auto heads = connect();
  EXPECT_EQ(accepted(*heads, 0, 1), 1U);
  EXPECT_EQ(store_->requests(), 6U);
  store_->clear_log();
  const auto other = heads->swap(subject_named("two"), step(0, 1), {});
  EXPECT_TRUE(other.has_value());
  EXPECT_EQ(store_->requests(), 1U);
  EXPECT_THAT(store_->objects(), SizeIs(2)) << "the probe leaves nothing";
}

TEST_F(S3RegisterFaults, AReadOfAHeadThatDidNotChangeMovesNoBytesOfIt) {
  const auto heads = connect();
  ASSERT_EQ(accepted(*heads, 0, 1), 1U);
  std::uint64_t conditional = 0;
  store_->on_request([&](const HttpRequest& request) {
    conditional += request.headers.find("If-None-Match") != nullptr ? 1U : 0U;
    return S3Fault::none;
  });
  const auto record = heads->read(subject_, {});
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->revision, revision_number(1));
  EXPECT_EQ(conditional, 1U);
}

TEST_F(S3RegisterFaults, ASwapSurvivesEachFaultOfItsWriteOnce) {
  for (const S3Fault fault :
       {S3Fault::unsent, S3Fault::lost_request, S3Fault::lost_answer, S3Fault::late,
        S3Fault::slow_down, S3Fault::failed_after, S3Fault::failed_before, S3Fault::conflict}) {
    store_ = std::make_shared<FakeS3>(clock_);
    const auto heads = connect();
    ASSERT_EQ(accepted(*heads, 0, 1), 1U);
    store_->plan({fault});
    EXPECT_EQ(accepted(*heads, 1, 2), 2U) << "fault " << static_cast<int>(fault);
    EXPECT_EQ(sequence(), 2U) << "fault " << static_cast<int>(fault);
  }
}

TEST_F(S3RegisterFaults, ACreationSurvivesEachFaultOfItsWriteOnce) {
  for (const S3Fault fault :
       {S3Fault::unsent, S3Fault::lost_request, S3Fault::lost_answer, S3Fault::late,
        S3Fault::slow_down, S3Fault::failed_after, S3Fault::failed_before, S3Fault::conflict}) {
    store_ = std::make_shared<FakeS3>(clock_);
    const auto heads = connect();
    ASSERT_TRUE(heads->probe({}).has_value());
    store_->plan({fault});
    EXPECT_EQ(accepted(*heads, 0, 1), 1U) << "fault " << static_cast<int>(fault);
    EXPECT_EQ(sequence(), 1U) << "fault " << static_cast<int>(fault);
  }
}

TEST_F(S3RegisterFaults, ALostAnswerIsFoundUnderSwapsThatFollowed) {
  const auto heads = connect();
  ASSERT_EQ(accepted(*heads, 0, 1), 1U);
  const auto other = connect();
  ASSERT_TRUE(other->read(subject_, {}).has_value());
  bool done = false;
  store_->on_request([&](const HttpRequest& request) {
    if (done || request.method != "PUT") return S3Fault::none;
    done = true;
    return S3Fault::lost_answer;
  });
  // ActingClock the write and the look behind it another writer replaces what was written.
  ActingClock clock(clock_, [&] { EXPECT_EQ(accepted(*other, 2, 3), 3U); });
  auto made = S3Register::create(store_->config(), {store_, &clock, &system_random()});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(accepted(**made, 1, 2), 2U);
  EXPECT_EQ(sequence(), 3U);
}

TEST_F(S3RegisterFaults, AWriteThatNeverGetsThroughHasAnUnknownFate) {
  const auto heads = connect();
  ASSERT_EQ(accepted(*heads, 0, 1), 1U);
  store_->on_request([](const HttpRequest& request) {
    return request.method == "PUT" ? S3Fault::lost_request : S3Fault::none;
  });
  EXPECT_EQ(failure(*heads, 1, 2), ErrorCode::indeterminate);
}

TEST_F(S3RegisterFaults, AStoreThatCannotBeReachedChangesNothing) {
  const auto heads = connect();
  ASSERT_EQ(accepted(*heads, 0, 1), 1U);
  store_->on_request([](const HttpRequest&) { return S3Fault::unsent; });
  EXPECT_EQ(failure(*heads, 1, 2), ErrorCode::unavailable);
  EXPECT_FALSE(heads->read(subject_, {}).has_value());
}

TEST_F(S3RegisterFaults, AFateThatTheHistoryNoLongerKnowsIsUnknown) {
  const auto heads = connect();
  ASSERT_EQ(accepted(*heads, 0, 1), 1U);
  const auto other = connect();
  bool lost = false;
  store_->on_request([&](const HttpRequest& request) {
    if (lost || request.method != "PUT") return S3Fault::none;
    lost = true;
    return S3Fault::lost_request;
  });
  for (const std::uint64_t others : {100U, 101U}) {
    ActingClock clock(clock_, [&] {
      for (std::uint64_t i = 0; i < others; ++i) {
        const auto now = other->read(subject_, {});
        ASSERT_TRUE(now && *now);
        const Register::Swap next{(*now)->revision, revision_number(1000 + (*now)->sequence),
                                  WallTime(0), "", false};
        ASSERT_TRUE(other->swap(subject_, next, {}).has_value());
      }
    });
    lost = false;
    auto made = S3Register::create(store_->config(), {store_, &clock, &system_random()});
    const auto now = other->read(subject_, {});
    ASSERT_TRUE(made && now && *now);
    const auto outcome =
        (*made)->swap(subject_, {(*now)->revision, revision_number(7), {}, "", false}, {});
    // A hundred swaps are kept, so all of a hundred that followed show that ours is not among them.
    ASSERT_EQ(outcome.has_value(), others == 100U);
    if (!outcome) {
      EXPECT_EQ(outcome.error().code, ErrorCode::indeterminate);
    }
  }
}

TEST_F(S3RegisterFaults, ASwapThatIsCancelledOnItsWayHasAnUnknownFate) {
  const auto heads = connect();
  ASSERT_EQ(accepted(*heads, 0, 1), 1U);
  const CancelSource source;
  store_->on_request([&](const HttpRequest&) {
    source.cancel();
    return S3Fault::lost_answer;
  });
  const auto outcome = heads->swap(subject_, step(1, 2), {std::nullopt, source.token()});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::indeterminate);
}

TEST_F(S3RegisterFaults, TheDeadlineEndsTheRepetitions) {
  const auto heads = connect();
  ASSERT_EQ(accepted(*heads, 0, 1), 1U);
  store_->on_request([](const HttpRequest&) { return S3Fault::slow_down; });
  const auto start = clock_.now();
  const Context context{start + std::chrono::milliseconds(50), {}};
  EXPECT_FALSE(heads->read(subject_, context).has_value());
  EXPECT_LE(clock_.now() - start, std::chrono::milliseconds(50));
}

TEST_F(S3RegisterFaults, WithoutTheRightsItIsUnauthorized) {
  S3Config config = store_->config();
  config.credentials.secret_key = "wrong";
  const auto outcome = connect(config)->read(subject_, {});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::unauthorized);
  EXPECT_THAT(outcome.error().message, HasSubstr("SignatureDoesNotMatch"));
  EXPECT_EQ(outcome.error().message.find("wrong\""), std::string::npos);
}

TEST_F(S3RegisterFaults, WithoutTheBucketItIsNoRemote) {
  store_->has_bucket = false;
  const auto outcome = connect()->read(subject_, {});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::not_a_remote);
}

TEST_F(S3RegisterFaults, WhatIsNoHeadIsCorruptAndStays) {
  store_->set_object(head_key(), "{}");
  EXPECT_EQ(connect()->read(subject_, {}).error().code, ErrorCode::corrupt);
  EXPECT_EQ(failure(*connect(), 1, 2), ErrorCode::corrupt);
  EXPECT_EQ(failure(*connect(), 0, 2), ErrorCode::corrupt);
  EXPECT_EQ(store_->objects().at(head_key()), "{}");
}

TEST_F(S3RegisterFaults, StoresThatIgnoreConditionsAreRefusedBeforeAnythingIsWritten) {
  for (int careless = 0; careless < 3; ++careless) {
    store_ = std::make_shared<FakeS3>(clock_);
    store_->ignores_if_match = careless == 0;
    store_->ignores_if_none_match = careless == 1;
    store_->creates_where_if_match_meets_nothing = careless == 2;
    const auto outcome = swap(*connect(), 0, 1);
    ASSERT_FALSE(outcome.has_value()) << careless;
    EXPECT_EQ(outcome.error().code, ErrorCode::unsupported);
    EXPECT_THAT(outcome.error().message, HasSubstr(careless == 1 ? "If-None-Match" : "If-Match"));
    EXPECT_THAT(store_->objects(), SizeIs(0));
  }
}

TEST_F(S3RegisterFaults, AProbeThatMayNotRemoveItsObjectStillTells) {
  store_->may_delete = false;
  EXPECT_TRUE(connect()->probe({}).has_value());
}

TEST_F(S3RegisterFaults, AnAuthorThatNobodyCouldReadIsRefused) {
  for (const std::string& author : {std::string(4097, 'a'), std::string("\xff")}) {
    Register::Swap named = step(0, 1);
    named.author = author;
    const auto outcome = connect()->swap(subject_, named, {});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(store_->requests(), 0U);
}

TEST_F(S3RegisterFaults, ATimeBefore1970LeavesARecordThatCanBeRead) {
  Register::Swap early = step(0, 1);
  early.time = WallTime(-1);
  ASSERT_TRUE(connect()->swap(subject_, early, {}).has_value());
  EXPECT_EQ(sequence(), 1U);
}

TEST_F(S3RegisterFaults, LongAuthorsLeaveAShorterHistory) {
  const auto heads = connect();
  for (std::uint64_t i = 1; i <= 10; ++i) {
    Register::Swap long_name = step(i - 1, i);
    long_name.author = std::string(4096, '\x01');
    ASSERT_TRUE(heads->swap(subject_, long_name, {}).has_value());
  }
  EXPECT_LE(store_->objects().at(head_key()).size(), std::size_t{64} * 1024);
  const auto history = connect()->history(subject_, 0, 100, {});
  ASSERT_TRUE(history.has_value());
  EXPECT_THAT(history->records, SizeIs(2));
  EXPECT_FALSE(history->complete);
  EXPECT_EQ(history->records.back().sequence, 10U);
}

// Random faults on everything, two writers: what was accepted is in the record, in order, and
// nothing that was refused is.
TEST_F(S3RegisterFaults, RandomFaultsLoseNothingAndRepeatNothing) {
  for_each_seed(20, [&](Generator& generator) {
    store_ = std::make_shared<FakeS3>(clock_);
    const std::unique_ptr<S3Register> writers[2] = {connect(), connect()};
    ASSERT_TRUE(writers[0]->probe({}) && writers[1]->probe({}));
    store_->on_request([&](const HttpRequest&) {
      return generator.chance(1, 3) ? static_cast<S3Fault>(generator.below(9)) : S3Fault::none;
    });
    std::map<std::uint64_t, Revision> certain;
    std::set<Revision> refused;
    Revision expected;
    for (std::uint64_t i = 1; i <= 60; ++i) {
      S3Register& heads = *writers[generator.below(2)];
      const auto outcome =
          heads.swap(subject_, {expected, revision_number(i), WallTime(0), "", false}, {});
      if (!outcome) {
        if (outcome.error().code != ErrorCode::indeterminate) refused.insert(revision_number(i));
      } else if (const auto* const done = std::get_if<Register::Accepted>(&*outcome)) {
        ASSERT_TRUE(certain.emplace(done->record.sequence, done->record.revision).second);
        expected = done->record.revision;
      } else {
        refused.insert(revision_number(i));
        const auto& actual = std::get<Register::Refused>(*outcome).actual;
        expected = actual ? actual->revision : Revision();
      }
    }
    store_->on_request(nullptr);
    const auto history = connect()->history(subject_, 0, 1000, {});
    ASSERT_TRUE(history.has_value() && history->complete);
    Revision previous;
    for (const HeadRecord& record : history->records) {
      EXPECT_EQ(record.previous, previous);
      previous = record.revision;
      EXPECT_FALSE(refused.contains(record.revision));
      const auto known = certain.find(record.sequence);
      if (known != certain.end()) {
        EXPECT_EQ(known->second, record.revision);
      }
    }
    for (const auto& [number, revision] : certain) EXPECT_LE(number, history->records.size());
  });
}

}  // namespace
}  // namespace dialog::test
