#include <algorithm>
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dialog/backends/rest.hpp"
#include "dialog/http/http_archive.hpp"
#include "support/seeds.hpp"
#include "support/temp_folder.hpp"
#include "trial/faulty_relay.hpp"
#include "trial/served_program.hpp"
#include "trial/trial_load.hpp"

// The program's server under load while its connections break, it is stopped, and it is killed.
// Every operation on its register is judged, and every block that it took is asked for at the end.

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

/// Puts blocks one batch after the other, and remembers which ones were taken.
class BlockWriter {
 public:
  BlockWriter(std::uint16_t port, std::uint64_t seed)
      : archive_(HttpArchive::create(trial_config(port), make_http_transport(), trial_subject(0))
                     .value()),
        random_(seed),
        thread_([this] { run(); }) {}

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// After `stop`.
  [[nodiscard]] const std::vector<Hash>& taken() const { return taken_; }

 private:
  void run() {
    while (!stopping_) {
      const auto blocks = random_.blocks(1 + random_.below(8), 2048);
      if (!archive_->put(blocks) || !archive_->flush()) continue;
      for (const Block& block : blocks) taken_.push_back(block.hash());
    }
  }

  std::unique_ptr<Archive> archive_;
  Generator random_;
  std::vector<Hash> taken_;
  std::atomic<bool> stopping_ = false;
  std::jthread thread_;
};

std::size_t count_absent(std::uint16_t port, const std::vector<Hash>& hashes) {
  const auto archive =
      HttpArchive::create(trial_config(port), make_http_transport(), trial_subject(0)).value();
  std::size_t absent = 0;
  const auto found = archive->get(hashes);
  EXPECT_TRUE(found.has_value()) << found.error().message;
  for (const auto& block : *found) absent += block ? 0 : 1;
  return absent;
}

TEST(RegisterTrial, IsLinearizableWhileConnectionsBreakAndTheServerStandsStill) {
  const SeedInPlay seed(seeds_to_run(1).first);
  const TempFolder folder(TempFolder::On::memory);
  const ServedProgram server(folder / "data");
  FaultyRelay::Faults faults;
  const FaultyRelay relay(server.port(), 1, 60'000, faults);
  const std::uint64_t wanted = 60'000 * soak_scale();
  RegisterLoad load(trial_load(1), clients_at({relay.port()}));
  Generator random(2);
  std::uint64_t stops = 0;
  while (load.operations() < wanted) {
    ASSERT_TRUE(load.wait_for_accepted(1 + random.below(2'000))) << "the load stands still";
    server.stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(20)));
    server.go_on();
    ++stops;
  }
  load.stop();
  std::cout << load << "; " << stops << " stops, " << faults << "\n";
  expect_linearizable(load, wanted / 20, 50);
  EXPECT_GE(stops, 5U) << "too thin";
  expect_each(faults, 50);
}

TEST(RegisterTrial, LosesNothingWhenItIsKilledUnderLoad) {
  const SeedInPlay seed(seeds_to_run(1).first);
  const TempFolder folder(TempFolder::On::disk);
  ServedProgram server(folder / "data");
  RegisterLoad load(trial_load(3), clients_at({server.port()}));
  BlockWriter blocks(server.port(), 4);
  Generator random(5);
  const std::uint64_t kills = 100 * soak_scale();
  std::vector<std::chrono::milliseconds> restarts;
  while (restarts.size() < kills) {
    ASSERT_TRUE(load.wait_for_accepted(1 + random.below(200))) << "the load stands still";
    restarts.push_back(server.restart());
  }
  load.stop();
  blocks.stop();
  expect_linearizable(load, 20 * kills, kills / 5);
  EXPECT_EQ(count_absent(server.port(), blocks.taken()), 0U);
  std::sort(restarts.begin(), restarts.end());
  std::cout << kills << " kills, " << load << ", " << blocks.taken().size()
            << " blocks; restarts took " << restarts[kills / 2].count() << " ms (median), "
            << restarts.back().count() << " ms (longest)\n";
  EXPECT_GE(blocks.taken().size(), kills) << "too thin";
}

}  // namespace
}  // namespace dialog::test
