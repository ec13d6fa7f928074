#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "power/cut_disk.hpp"
#include "process/child.hpp"
#include "process/lanes.hpp"
#include "process/subject_lanes.hpp"
#include "support/generator.hpp"

// Cuts the power of a disk under a process that commits to a store there, mounts the disk again,
// and looks for everything that was acknowledged. DIALOG_TEST_SEED chooses how long each process
// may work and how it ends; the machine's own speed decides how far it has come by then.

namespace dialog::test {
namespace {

namespace fs = std::filesystem;

/// The lanes of one process, and of another that sometimes is there, too.
constexpr int kLanes = 4;
constexpr int kLanesOfOther = 2;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Plan {
  std::string kind;  ///< of store: "log" and "lmdb" of a repository, or "server"
  int cuts = 0;
  bool syncs = true;
};

struct Tally {
  int cuts = 0;
  std::uint64_t acknowledged = 0;
  int cuts_of_two = 0;  ///< under two processes
  int folders = 0;
  int cuts_while_opening = 0;  ///< nothing was acknowledged since the power came back
  int compacted = 0;           ///< segments of logs that were gone at the last look
  int lost = 0;
  std::string first_loss;
};

class PowerCuts {
 public:
  PowerCuts(Plan plan, std::uint64_t seed) : plan_(std::move(plan)), seed_(seed), random_(seed) {}

  void run() {
    ASSERT_NO_FATAL_FAILURE(expect(disk_.make()));
    ASSERT_NO_FATAL_FAILURE(expect(disk_.mount(mount_options())));
    begin_folder();
    while (tally_.cuts < plan_.cuts) {
      ASSERT_NO_FATAL_FAILURE(work_and_cut()) << reproduction();
      // Now and then the power goes again before anybody has looked.
      if (!fault_seen_ && tally_.cuts < plan_.cuts && random_.chance(1, 4)) continue;
      const auto fault = find_fault();
      if (!fault && !random_.chance(1, 40)) continue;
      if (fault) note_loss(*fault);
      if (testing::Test::HasFailure()) return;
      end_folder();
      ASSERT_NO_FATAL_FAILURE(expect(disk_.unmount()));
      // Mostly a new store on a disk that is full of an old one's remains.
      if (fault || random_.chance(1, 4)) expect(disk_.make());
      if (testing::Test::HasFailure()) return;
      ASSERT_NO_FATAL_FAILURE(expect(disk_.mount(mount_options())));
      begin_folder();
    }
    end_folder();
  }

  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] std::string reproduction() const {
    return "reproduce with DIALOG_TEST_SEED=" + std::to_string(seed_) + "; cut " +
           std::to_string(tally_.cuts) + ", folder " + std::to_string(folder_number_) +
           ", mounted with \"" + mount_options() + "\"";
  }

 private:
  static void expect(const std::optional<std::string>& wrong) {
    if (wrong) FAIL() << *wrong;
  }

  [[nodiscard]] bool is_server() const { return plan_.kind == "server"; }
  [[nodiscard]] std::string folder() const {
    return disk_.path() + "/store-" + std::to_string(folder_number_);
  }
  [[nodiscard]] std::string mount_options() const {
    constexpr const char* kOptions[] = {"", "data=writeback", "nodelalloc", "noauto_da_alloc"};
    return kOptions[folder_number_ / 3 % 4];
  }

  void begin_folder() {
    acknowledged_.assign(kLanes + kLanesOfOther, -1);
    flushed_.assign(kLanes + kLanesOfOther, -1);
    fault_seen_.reset();
    ++tally_.folders;
  }

  void end_folder() {
    tally_.compacted += compacted();
    std::error_code ignored;
    fs::remove_all(folder(), ignored);
    ++folder_number_;
  }

  int compacted() const {
    int first = 1;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder(), ignored)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("log-")) continue;
      const int number = std::stoi(name.substr(4));
      if (first == 1 || number < first) first = number;
    }
    return first - 1;
  }

  [[nodiscard]] std::unique_ptr<Child> start(int first_lane, int lanes) const {
    std::vector<std::string> environment;
    if (!plan_.syncs) environment = {"LD_PRELOAD=" FILE_FAULTS, "DIALOG_NO_SYNC=1"};
    const std::vector<std::string> words{STORE_WORKER,
                                         is_server() ? "subjects" : "lanes",
                                         plan_.kind,
                                         folder(),
                                         std::to_string(folder_number_),
                                         std::to_string(first_lane),
                                         std::to_string(lanes)};
    return std::make_unique<Child>(words, environment);
  }

  // One process or two: they begin, are let work for a while, and lose their power.
  void work_and_cut() {
    std::vector<std::unique_ptr<Child>> workers;
    workers.push_back(start(0, kLanes));
    if (random_.chance(1, 3)) workers.push_back(start(kLanes, kLanesOfOther));
    for (const auto& worker : workers) ASSERT_EQ(worker->line(), "begins");
    // A third of them does not come far beyond its recovery.
    const std::size_t most = random_.chance(1, 3) ? 3'000 : 30'000;
    std::this_thread::sleep_for(std::chrono::microseconds(random_.below(most)));
    for (const auto& worker : workers) worker->kill();
    ASSERT_NO_FATAL_FAILURE(expect(disk_.cut()));
    ++tally_.cuts;
    if (workers.size() > 1) ++tally_.cuts_of_two;
    std::uint64_t count = 0;
    for (const auto& worker : workers) count += take_notes(worker->rest());
    if (count == 0) ++tally_.cuts_while_opening;
    tally_.acknowledged += count;
    ASSERT_NO_FATAL_FAILURE(expect(disk_.unmount()));
    ASSERT_NO_FATAL_FAILURE(expect(disk_.mount(mount_options())));
    forget_boot();
  }

  /// How many commits they acknowledge.
  std::uint64_t take_notes(const std::vector<std::string>& lines) {
    std::uint64_t count = 0;
    for (const std::string& line : lines) {
      std::istringstream words(line);
      std::string word;
      words >> word;
      if (word == "error") {
        fault_seen_ = line;
        continue;
      }
      const bool is_found = word == "found";
      const bool is_flushed = word == "flushed";
      if (is_found || is_flushed) words >> word;
      int& last = (is_flushed ? flushed_ : acknowledged_).at(std::stoul(word));
      int step = 0;
      words >> step;
      if (step < last) {
        fault_seen_ =
            "a process found " + line + ", although acknowledged was " + std::to_string(last);
      } else if (!is_found && !is_flushed) {
        count += static_cast<std::uint64_t>(step - last);
      }
      last = step;
    }
    return count;
  }

  // This machine was not started anew, so what its processes share must not say that it is the
  // same.
  void forget_boot() const {
    const int file = open((folder() + "/control").c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    const std::string boot =
        "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + tally_.cuts);
    char first = 0;
    if (pread(file, &first, 1, 0) == 1 && first != 0) {
      EXPECT_EQ(pwrite(file, boot.data(), boot.size(), 0), static_cast<ssize_t>(boot.size()));
    }
    close(file);
  }

  std::optional<std::string> find_fault() {
    if (fault_seen_) return fault_seen_;
    if (is_server()) return find_fault_of_server();
    auto store = open_store(plan_.kind, folder(), folder_number_);
    if (!store) return "cannot be opened: " + store.error().message;
    auto broken = find_broken_block(**store);
    if (!broken) return "cannot be read: " + broken.error().message;
    if (*broken) return *broken;
    for (int number = 0; number < kLanes + kLanesOfOther; ++number) {
      const Lane lane(folder_number_, number);
      auto fault = lane.find_fault(**store, acknowledged_[static_cast<std::size_t>(number)]);
      if (!fault) return "cannot be read: " + fault.error().message;
      if (*fault) return *fault;
      // What was not acknowledged and is there counts from now on.
      acknowledged_[static_cast<std::size_t>(number)] = lane.last((*store)->heads()).value();
    }
    return std::nullopt;
  }

  std::optional<std::string> find_fault_of_server() {
    const auto store = open_server_store(folder(), folder_number_);
    if (!store) return "cannot be opened: " + store.error().message;
    const auto damage = find_damage(**store);
    if (!damage) return "cannot be read: " + damage.error().message;
    if (*damage) return *damage;
    for (std::size_t i = 0; i < acknowledged_.size(); ++i) {
      const SubjectLane lane(folder_number_, static_cast<int>(i));
      const auto fault = lane.find_fault(**store, acknowledged_[i], flushed_[i]);
      if (!fault) return "cannot be read: " + fault.error().message;
      if (*fault) return *fault;
      acknowledged_[i] = lane.last(**store).value();
    }
    return std::nullopt;
  }

  void note_loss(const std::string& fault) {
    if (++tally_.lost == 1) tally_.first_loss = fault + "\n" + reproduction();
    if (!plan_.syncs) return;
    const std::string kept =
        fs::temp_directory_path() / ("dialog-lost-" + std::to_string(getpid()));
    std::error_code ignored;
    fs::copy(folder(), kept, fs::copy_options::recursive, ignored);
    FAIL() << fault << "\n" << reproduction() << "\nleft for a look: " << kept;
  }

  const Plan plan_;
  const std::uint64_t seed_;
  Generator random_;
  CutDisk disk_;
  std::uint64_t folder_number_ = 0;
  /// The last step of each lane that has to be there.
  std::vector<int> acknowledged_;
  /// The last step of each subject whose blocks have to be there.
  std::vector<int> flushed_;
  std::optional<std::string> fault_seen_;  ///< by a process that found less
  Tally tally_;
};

class Power : public testing::Test {
 protected:
  void SetUp() override {
    static const std::optional<std::string> kWhyNot = CutDisk::why_not();
    if (!kWhyNot) return;
    if (std::getenv("CI") != nullptr) FAIL() << *kWhyNot;
    GTEST_SKIP() << *kWhyNot;
  }

  static Tally run(const Plan& plan) {
    PowerCuts cuts(plan, number_from("DIALOG_TEST_SEED", 1));
    cuts.run();
    const Tally& tally = cuts.tally();
    std::cout << plan.kind << (plan.syncs ? "" : " without syncs") << ": " << tally.cuts
              << " cuts (" << tally.cuts_of_two << " under two processes), " << tally.acknowledged
              << " acknowledged commits, " << tally.folders << " folders, "
              << tally.cuts_while_opening << " cuts before the first commit, " << tally.compacted
              << " segments compacted away; lost: " << tally.lost << "\n";
    return tally;
  }
};

const int kScale = static_cast<int>(number_from("DIALOG_SOAK_SCALE", 1));

TEST_F(Power, CutsTakeNothingFromALogThatWasAcknowledged) {
  const Tally tally = run({"log", 1000 * kScale, true});
  EXPECT_EQ(tally.lost, 0);
  EXPECT_GE(tally.acknowledged, 5000U) << "too thin";
  EXPECT_GE(tally.cuts_while_opening, 20) << "too thin";
  EXPECT_GE(tally.cuts_of_two, 200) << "too thin";
  EXPECT_GE(tally.compacted, 50) << "too thin";
}

TEST_F(Power, CutsTakeNothingFromAServerThatWasAcknowledged) {
  const Tally tally = run({"server", 200 * kScale, true});
  EXPECT_EQ(tally.lost, 0);
  EXPECT_GE(tally.acknowledged, 1000U) << "too thin";
  EXPECT_GE(tally.cuts_of_two, 30) << "too thin";
}

TEST_F(Power, CutsTakeNothingFromLmdbThatWasAcknowledged) {
  const Tally tally = run({"lmdb", 300 * kScale, true});
  EXPECT_EQ(tally.lost, 0);
  EXPECT_GE(tally.acknowledged, 1500U) << "too thin";
}

// That the cuts above can take something.
TEST_F(Power, CutsTakeAcknowledgedCommitsFromALogThatIsNotSynced) {
  const Tally tally = run({"log", 100, false});
  EXPECT_GT(tally.lost, 0);
  std::cout << tally.first_loss << "\n";
}

TEST_F(Power, CutsTakeAcknowledgedSwapsFromAServerThatIsNotSynced) {
  const Tally tally = run({"server", 60, false});
  EXPECT_GT(tally.lost, 0);
  std::cout << tally.first_loss << "\n";
}

TEST_F(Power, CutsTakeAcknowledgedCommitsFromLmdbThatIsNotSynced) {
  const Tally tally = run({"lmdb", 100, false});
  EXPECT_GT(tally.lost, 0);
  std::cout << tally.first_loss << "\n";
}

}  // namespace
}  // namespace dialog::test
