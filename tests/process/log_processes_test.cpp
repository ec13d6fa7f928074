#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "dialog/backends/log_repository_store.hpp"
#include "process/child.hpp"
#include "process/counts.hpp"
#include "process/lanes.hpp"
#include "support/generator.hpp"
#include "support/seeds.hpp"
#include "support/temp_folder.hpp"

// Several processes with one log: all write at the same time, others read, and now and then one is
// killed.

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

/// A process, and a thread that hears what it says.
class Heard {
 public:
  explicit Heard(std::vector<std::string> words)
      : child_(std::move(words)), listener_([this] { listen(); }) {}

  void kill() {
    child_.kill();
    if (listener_.joinable()) listener_.join();
  }
  /// The last number that was said after a word; -1 where there was none.
  int last(const std::string& word) {
    const std::lock_guard lock(mutex_);
    const auto at = last_.find(word);
    return at == last_.end() ? -1 : at->second;
  }
  /// Whatever should not have been said.
  std::vector<std::string> complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }

 private:
  void listen() {
    while (const auto line = child_.line()) {
      std::istringstream words(*line);
      std::string word;
      int number = 0;
      const std::lock_guard lock(mutex_);
      if (words >> word >> number) {
        last_[word] = number;
      } else {
        complaints_.push_back(*line);
      }
    }
  }

  Child child_;
  std::mutex mutex_;
  std::map<std::string, int> last_;
  std::vector<std::string> complaints_;
  std::jthread listener_;
};

std::chrono::seconds time_to_run() {
  const char* const scale = std::getenv("DIALOG_SOAK_SCALE");
  return scale != nullptr && std::string_view(scale) != "1" ? 60s : 5s;
}

class LogProcesses : public testing::Test {
 protected:
  std::unique_ptr<Heard> start(const std::string& command, int number) {
    return std::make_unique<Heard>(std::vector<std::string>{STORE_WORKER, command, "log", folder_,
                                                            std::to_string(kFolderNumber),
                                                            std::to_string(number)});
  }

  void run(int workers, std::uint64_t seed) {
    steps_.assign(static_cast<std::size_t>(workers), -1);
    done_.assign(static_cast<std::size_t>(workers), 0);
    ASSERT_TRUE(open_store("log", folder_, kFolderNumber).has_value());
    std::vector<std::unique_ptr<Heard>> writers;
    for (int i = 0; i < workers; ++i) writers.push_back(start("count", i));
    std::vector<std::unique_ptr<Heard>> readers;
    for (int i = 0; i < 2; ++i) readers.push_back(start("watch", workers));
    Generator random(seed);
    int kills = 0;
    const auto end = std::chrono::steady_clock::now() + time_to_run();
    while (std::chrono::steady_clock::now() < end && !HasFailure()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random.below(400)));
      const std::size_t victim = random.below(writers.size());
      finish(*writers[victim], victim);
      writers[victim] = start("count", static_cast<int>(victim));
      ++kills;
    }
    for (std::size_t i = 0; i < writers.size(); ++i) finish(*writers[i], i);
    ASSERT_NO_FATAL_FAILURE(expect_same_sum(readers));
    int looks = 0;
    for (const auto& reader : readers) {
      reader->kill();
      EXPECT_EQ(reader->complaints(), std::vector<std::string>{});
      looks += std::max(0, reader->last("looks"));
    }
    ASSERT_NO_FATAL_FAILURE(check(kills, looks));
  }

  TempFolder above_{TempFolder::On::memory};
  const std::string folder_ = above_ / "store";

 private:
  static constexpr std::uint64_t kFolderNumber = 0;

  void finish(Heard& writer, std::size_t number) {
    writer.kill();
    EXPECT_EQ(writer.complaints(), std::vector<std::string>{});
    steps_[number] = std::max(steps_[number], writer.last("step"));
    done_[number] = std::max(done_[number], writer.last("count"));
  }

  /// That those who have read all the time come to see what a process sees that begins now.
  void expect_same_sum(const std::vector<std::unique_ptr<Heard>>& readers) {
    const auto store = open_store("log", folder_, kFolderNumber);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    const int sum = static_cast<int>(counts((*store)->heads()).value().by_counter);
    const auto end = std::chrono::steady_clock::now() + 30s;
    for (const auto& reader : readers) {
      while (reader->last("sum") != sum && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(10ms);
      }
      EXPECT_EQ(reader->last("sum"), sum);
    }
  }

  static void expect_sound(RepositoryStore& store) {
    StoreCheck check;
    check.on_fault = [](const StoreFault& fault) { ADD_FAILURE() << fault.error.message; };
    const auto blocks = store.check(check);
    ASSERT_TRUE(blocks.has_value()) << blocks.error().message;
  }

  void check(int kills, int looks) {
    const auto store = open_store("log", folder_, kFolderNumber);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    ASSERT_NO_FATAL_FAILURE(expect_sound(**store));
    const Counts sums = counts((*store)->heads()).value();
    EXPECT_EQ(sums.by_counter, sums.by_worker);
    const auto broken = find_broken_block(**store);
    EXPECT_EQ(broken.value(), std::nullopt);
    std::string each;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      const int number = static_cast<int>(i);
      const int counted = counted_by((*store)->heads(), number).value();
      EXPECT_GE(counted, done_[i]) << "worker " << i << " was told of more";
      EXPECT_LE(counted, done_[i] + kills + 1) << "worker " << i;
      EXPECT_GT(counted, 20) << "worker " << i << " hardly got to write: too thin";
      const auto fault = Lane(kFolderNumber, number).find_fault(**store, steps_[i]);
      ASSERT_TRUE(fault.has_value()) << fault.error().message;
      EXPECT_EQ(*fault, std::nullopt);
      each += " " + std::to_string(counted);
    }
    EXPECT_GE(kills, 5) << "too thin";
    EXPECT_GE(looks, 200) << "too thin";
    std::cout << done_.size() << " processes, " << kills << " kills, " << sums.by_counter
              << " counted (" << each << " ), " << looks << " looks\n";
  }

  /// What each worker said that it had done.
  std::vector<int> steps_;
  std::vector<int> done_;
};

TEST_F(LogProcesses, TwoOfThemLoseNothingOfWhatEitherWrote) { run(2, seeds_to_run(1).first); }

TEST_F(LogProcesses, FourOfThemLoseNothingOfWhatAnyWrote) { run(4, seeds_to_run(1).first); }

/// Processes that stand still while others want to write.
class StoppedProcesses : public LogProcesses {
 protected:
  static std::vector<std::string> keep(const std::string& folder, int lane) {
    return {STORE_WORKER, "keep", "log", folder, "0", std::to_string(lane)};
  }
  /// What a process is told that has little patience, with a lane of its own.
  std::string refusal() {
    LogOptions options;
    options.limits.patience = 200ms;
    const auto store = LogRepositoryStore::open(folder_, options);
    EXPECT_TRUE(store.has_value()) << store.error().message;
    const auto refused = own_.submit(**store, 0);
    EXPECT_EQ(own_.last((*store)->heads()).value(), -1) << "who reads never waits";
    if (refused) return "";
    EXPECT_EQ(refused.error().code, ErrorCode::busy);
    return refused.error().message;
  }
  [[nodiscard]] std::string message_about(const Child& process) const {
    return "process " + std::to_string(process.number()) + " has the right to write in " + folder_ +
           " and does not give it back; nothing was written. Wait for it or end it, then try again";
  }
  static void let_go(Child& process) {
    process.signal(SIGUSR1);
    process.signal(SIGCONT);
    EXPECT_EQ(process.line(), "done");
    EXPECT_EQ(process.wait(), 0);
  }
  /// Until somebody waits for the right to write, by the lock that he has then.
  void wait_until_it_is_awaited() {
    const int file = open((folder_ + "/control").c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock{};
    do {
      lock = {};
      lock.l_type = F_WRLCK;
      lock.l_start = off_t{1} << 62;
      lock.l_len = 1;
      ASSERT_EQ(fcntl(file, F_OFD_GETLK, &lock), 0);
    } while (lock.l_type == F_UNLCK);
    close(file);
  }
  void expect_all_can_go_on() {
    const auto store = open_store("log", folder_, 0);
    ASSERT_TRUE(own_.commit(**store, 0, 1).has_value());
    EXPECT_EQ(own_.find_fault(**store, 0).value(), std::nullopt);
    EXPECT_EQ(Lane(0, 0).find_fault(**store, 0).value(), std::nullopt);
  }

  const Lane own_{0, 7};
};

TEST_F(StoppedProcesses, AreNamedToWhoWaitsForTheRightThatTheyHave) {
  Child keeper(keep(folder_, 0));
  ASSERT_EQ(keeper.line(), "keeps");
  keeper.signal(SIGSTOP);
  EXPECT_EQ(refusal(), message_about(keeper));
  let_go(keeper);
  expect_all_can_go_on();
}

TEST_F(StoppedProcesses, AreNamedToWhoWaitsBehindThem) {
  Child first(keep(folder_, 0));
  ASSERT_EQ(first.line(), "keeps");
  Child second(keep(folder_, 1));
  ASSERT_NO_FATAL_FAILURE(wait_until_it_is_awaited());
  second.signal(SIGSTOP);
  let_go(first);
  EXPECT_EQ(refusal(), message_about(second));
  second.signal(SIGCONT);
  EXPECT_EQ(second.line(), "keeps");
  let_go(second);
  expect_all_can_go_on();
}

}  // namespace
}  // namespace dialog::test
