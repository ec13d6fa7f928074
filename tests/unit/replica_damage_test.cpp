#include <chrono>
#include <cstdint>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "dialog/archive/memory_archive.hpp"
#include "replica_fixture.hpp"

// Commits that are damaged before anybody has built them.

namespace dialog::test {
namespace {

using testing::HasSubstr;

/// A branch with three commits pending.
class DamagedCommit : public testing::Test {
 protected:
  DamagedCommit() {
    for (int i = 1; i <= 3; ++i) device_.put("a", std::to_string(i));
  }
  void replace(const char* key, const std::function<std::optional<Bytes>(Bytes)>& make) {
    const auto record = device_.store().heads().read(key).value();
    const RecordChange change{key, record, make(record.value_or(""))};
    ASSERT_TRUE(device_.store().heads().commit({&change, 1}).value());
  }
  /// Of a repository that has read nothing yet.
  Error read() {
    auto fresh = Repository::open(device_.store(), device_.clock()).value();
    const auto snapshot = fresh.snapshot("main");
    const auto built = fresh.resolve("main");
    EXPECT_FALSE(snapshot.has_value());
    EXPECT_FALSE(built.has_value());
    if (snapshot || built) return {};
    EXPECT_EQ(snapshot.error().code, built.error().code);
    EXPECT_EQ(snapshot.error().message, built.error().message);
    return snapshot.error();
  }
  std::string faults() {
    std::string where;
    const VerifyRepositoryReport report = device_->verify().value();
    for (const RepositoryFault& fault : report.faults) where += fault.where + ";";
    return where;
  }

  Device device_;
};

constexpr const char* kSecond = "edits/main:0000000000000002";

TEST_F(DamagedCommit, ThatIsCutShortIsNamed) {
  for (const int left : {44, 37, 36, 1, 0}) {
    replace(kSecond,
            [&](const Bytes& bytes) { return bytes.substr(0, static_cast<std::size_t>(left)); });
    EXPECT_EQ(read().code, ErrorCode::corrupt) << left;
    EXPECT_THAT(read().message, HasSubstr(kSecond));
    EXPECT_EQ(faults(), std::string("record ") + kSecond + ";");
  }
}

TEST_F(DamagedCommit, ThatStillReadsDiffersFromItsHistory) {
  replace(kSecond, [](Bytes bytes) {
    bytes.back() = 'x';
    return bytes;
  });
  EXPECT_EQ(read().code, ErrorCode::corrupt);
  EXPECT_THAT(read().message, HasSubstr("edits/main:"));
  EXPECT_EQ(faults(), "branch main: pending;");
}

TEST_F(DamagedCommit, ThatIsGoneIsMissed) {
  replace(kSecond, [](const Bytes&) { return std::nullopt; });
  EXPECT_EQ(read().code, ErrorCode::corrupt);
  EXPECT_EQ(faults(), "branch main: pending;");
}

TEST_F(DamagedCommit, OfANewerVersionIsRefused) {
  replace(kSecond, [](Bytes bytes) {
    bytes.front() = 2;
    return bytes;
  });
  EXPECT_EQ(read().code, ErrorCode::unsupported);
}

TEST_F(DamagedCommit, ThatNoBranchHasPendingIsFound) {
  const Bytes bytes = device_.store().heads().read(kSecond).value().value();
  for (const char* key :
       {"edits/other:0000000000000002", "edits/main:0000000000000009", "edits/x"}) {
    replace(key, [&](const Bytes&) { return bytes; });
    EXPECT_EQ(faults(), std::string("record ") + key + ";");
    replace(key, [&](const Bytes&) { return std::nullopt; });
  }
  EXPECT_EQ(faults(), "");
}

/// Where commits of a branch are damaged, and nothing else has them.
class GivenUpCommits : public DamagedCommit {
 protected:
  GivenUpCommits() {
    device_.put("b", "4");
    device_.clock().sleep(std::chrono::hours(1));
  }
  MendReport mend(bool lose_damaged) {
    MemoryArchive nothing;
    MendOptions options;
    options.lose_damaged = lose_damaged;
    options.note = {"repair", "somebody"};
    const auto report = device_->mend(nothing, options);
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report.value_or(MendReport{});
  }
  static std::vector<std::uint64_t> lost(const IncompleteBranch& branch) {
    std::vector<std::uint64_t> versions;
    for (const ReflogEntry& entry : branch.lost) versions.push_back(entry.sequence);
    return versions;
  }
  /// Read from the records alone.
  Model fresh_entries() {
    auto fresh = Repository::open(device_.store(), device_.clock()).value();
    return Device::entries_of(fresh.snapshot("main").value());
  }
  void remove(const char* key) {
    replace(key, [](const Bytes&) { return std::nullopt; });
  }
};

constexpr const char* kThird = "edits/main:0000000000000003";

TEST_F(GivenUpCommits, AreOnlyToldUnlessThatIsWanted) {
  remove(kThird);
  const MendReport report = mend(false);
  ASSERT_EQ(report.incomplete_branches.size(), 1U);
  const IncompleteBranch& branch = report.incomplete_branches.front();
  EXPECT_EQ(branch.branch, "main");
  EXPECT_EQ(branch.whole_version, 2U);
  EXPECT_EQ(lost(branch), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(branch.given_up_to, std::nullopt);
  EXPECT_EQ(report.rest.fault_count, 1U);
  EXPECT_EQ(read().code, ErrorCode::corrupt) << "nothing was changed";
}

TEST_F(GivenUpCommits, LeaveTheLastStateThatIsWhole) {
  remove(kThird);
  const auto moves = device_->log("main", {}).value();
  const MendReport report = mend(true);
  ASSERT_EQ(report.incomplete_branches.size(), 1U);
  const IncompleteBranch& branch = report.incomplete_branches.front();
  EXPECT_EQ(branch.whole_version, 2U);
  ASSERT_EQ(lost(branch), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(branch.lost.back(), moves.front());
  EXPECT_EQ(branch.given_up_to, device_.current());
  EXPECT_TRUE(report.rest.sound());
  EXPECT_TRUE(device_->verify()->sound());
  EXPECT_EQ(fresh_entries(), (Model{{"a", "2"}}));
}

TEST_F(GivenUpCommits, AreAMoveOfTheBranch) {
  remove(kThird);
  mend(true);
  const Branch branch = device_->branch("main").value();
  EXPECT_EQ(branch.moves, 5U) << "no version comes twice";
  EXPECT_EQ(branch.pending, PendingEdits{});
  const auto moves = device_->log("main", {}).value();
  ASSERT_EQ(moves.size(), 5U);
  EXPECT_EQ(moves.front().sequence, 5U);
  EXPECT_EQ(moves.front().what, "repair");
  EXPECT_EQ(moves.front().who, "somebody");
  EXPECT_EQ(moves.front().time, device_.clock().wall());
  EXPECT_EQ(moves.front().after, branch.built);
  EXPECT_EQ(moves[1].after, std::nullopt) << "what was given up has no revision";
  EXPECT_EQ(device_.put("c", "5").version(), 6U);
  EXPECT_EQ(fresh_entries(), (Model{{"a", "2"}, {"c", "5"}}));
}

TEST_F(GivenUpCommits, AreNamedThoughTheReflogHasLostThemToo) {
  remove(kThird);
  remove("reflog/main:0000000000000003");
  const MendReport report = mend(true);
  ASSERT_EQ(report.incomplete_branches.size(), 1U);
  const auto& lost_commits = report.incomplete_branches.front().lost;
  ASSERT_EQ(lost_commits.size(), 2U);
  EXPECT_EQ(lost_commits[0].sequence, 3U);
  EXPECT_EQ(lost_commits[0].what, "");
  EXPECT_EQ(lost_commits[1].what, "commit");
  EXPECT_EQ(fresh_entries(), (Model{{"a", "2"}}));
}

TEST_F(GivenUpCommits, AreAllWhereTheFirstIsDamaged) {
  remove("edits/main:0000000000000001");
  const MendReport report = mend(true);
  ASSERT_EQ(report.incomplete_branches.size(), 1U);
  EXPECT_EQ(report.incomplete_branches.front().whole_version, 0U);
  EXPECT_EQ(fresh_entries(), Model{});
  EXPECT_TRUE(device_->verify()->sound());
}

TEST_F(GivenUpCommits, AreThoseThatDoNotReadAndThoseThatWereChanged) {
  const auto change_value = [](Bytes bytes) {
    bytes.back() = 'x';
    return bytes;
  };
  const auto cut = [](const Bytes& bytes) { return bytes.substr(0, 40); };
  replace(kThird, cut);
  EXPECT_EQ(mend(false).incomplete_branches.front().whole_version, 2U);
  replace(kSecond, change_value);
  replace(kThird, [](const Bytes&) { return std::nullopt; });
  mend(true);
  // Its successor does not name what now stands there.
  device_.put("a", "6");
  device_.put("a", "7");
  device_.put("a", "8");
  replace("edits/main:0000000000000007", change_value);
  EXPECT_EQ(mend(true).incomplete_branches.front().whole_version, 6U);
  EXPECT_EQ(fresh_entries(), (Model{{"a", "6"}}));
  // The branch does not name the last one.
  device_.put("a", "10");
  replace("edits/main:000000000000000a", change_value);
  EXPECT_EQ(mend(true).incomplete_branches.front().whole_version, 9U);
  EXPECT_EQ(fresh_entries(), (Model{{"a", "6"}}));
}

TEST_F(GivenUpCommits, OfANewerVersionAreKept) {
  replace(kThird, [](Bytes bytes) {
    bytes.front() = 2;
    return bytes;
  });
  EXPECT_TRUE(mend(true).incomplete_branches.empty());
  EXPECT_EQ(read().code, ErrorCode::unsupported);
}

TEST_F(GivenUpCommits, AreKeptWhereTheTreeBelowIsNotWhole) {
  device_.put_all(many_entries());
  const Revision built = device_.current();
  for (int i = 6; i <= 9; ++i) device_.put("a", std::to_string(i));
  remove("edits/main:0000000000000007");
  ASSERT_TRUE(device_.store().archive().remove({&built.root(), 1}).has_value());
  const MendReport report = mend(true);
  ASSERT_EQ(report.incomplete_branches.size(), 1U);
  EXPECT_EQ(report.incomplete_branches.front().whole_version, 6U);
  EXPECT_EQ(report.incomplete_branches.front().given_up_to, std::nullopt);
  EXPECT_FALSE(report.rest.sound());
  EXPECT_EQ(device_->branch("main")->moves, 9U);
}

TEST_F(GivenUpCommits, AreThoseOfTheirBranchAlone) {
  ASSERT_TRUE(device_
                  ->create_branch({.name = "other", .start = {}, .upstream = {}, .like = {}},
                                  {"branch", ""})
                  .has_value());
  ASSERT_TRUE(device_->transact("other", [](Transaction& t) { return t.put("o", "1"); }));
  remove(kThird);
  EXPECT_EQ(mend(true).incomplete_branches.size(), 1U);
  EXPECT_EQ(device_.entries("other"), (Model{{"o", "1"}}));
  EXPECT_EQ(device_->branch("other")->pending.commits, 1U);
}

}  // namespace
}  // namespace dialog::test
