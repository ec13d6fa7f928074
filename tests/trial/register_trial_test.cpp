#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dialog/backends/rest.hpp"
#include "dialog/http/http_archive.hpp"
#include "support/register_load.hpp"
#include "support/seeds.hpp"
#include "support/temp_folder.hpp"
#include "trial/faulty_relay.hpp"
#include "trial/served_program.hpp"

// The program's server under load while its connections break, it is stopped, and it is killed.
// Every operation on its register is judged, and every block that it took is asked for at the end.

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 8;
constexpr std::size_t kSubjects = 12;

std::uint64_t scale() {
  const char* const text = std::getenv("DIALOG_SOAK_SCALE");
  return text == nullptr ? 1 : std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10));
}

RestBackendConfig config_for(std::uint16_t port) {
  RetryPolicy retry;
  retry.attempts_max = 3;
  retry.base = 1ms;
  retry.cap = 20ms;
  return RestBackendConfig("http://127.0.0.1:" + std::to_string(port))
      .with_timeout(5s)
      .with_retry(retry);
}

Subject subject_of(std::size_t number) {
  return Subject::parse("did:web:trial-" + std::to_string(number) + ".example").value();
}

RegisterLoad::Connect clients_at(std::uint16_t port) {
  return [port, transport = make_http_transport()](std::size_t) {
    auto backend = RestBackend::create(config_for(port), transport).value();
    return std::make_unique<BackendTarget>(std::make_unique<RestBackend>(std::move(backend)));
  };
}

LoadOptions load_options(std::uint64_t seed) {
  LoadOptions options;
  options.threads = kClients;
  options.seed = seed;
  for (std::size_t i = 0; i < kSubjects; ++i) options.subjects.push_back(subject_of(i));
  return options;
}

/// Puts blocks one batch after the other, and remembers which ones were taken.
class BlockWriter {
 public:
  BlockWriter(std::uint16_t port, std::uint64_t seed)
      : archive_(
            HttpArchive::create(config_for(port), make_http_transport(), subject_of(0)).value()),
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
      HttpArchive::create(config_for(port), make_http_transport(), subject_of(0)).value();
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
  const FaultyRelay relay(server.port(), 1, 60'000);
  const std::uint64_t wanted = 60'000 * scale();
  RegisterLoad load(load_options(1), clients_at(relay.port()));
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
  EXPECT_EQ(load.violation(), std::nullopt);
  const FaultyRelay::Faults& faults = relay.faults();
  std::cout << load.operations() << " operations, " << load.accepted() << " accepted, "
            << load.open() << " of unknown outcome; " << stops << " stops, " << faults.cut_answers
            << " cut answers, " << faults.resets << " resets, " << faults.swallowed_answers
            << " answers and " << faults.swallowed_requests << " requests swallowed\n";
  EXPECT_GE(load.accepted(), wanted / 20) << "too thin";
  EXPECT_GE(load.open(), 50U) << "too thin";
  EXPECT_GE(stops, 5U) << "too thin";
  EXPECT_GE(faults.cut_answers, 50U) << "too thin";
  EXPECT_GE(faults.resets, 50U) << "too thin";
  EXPECT_GE(faults.swallowed_answers, 50U) << "too thin";
  EXPECT_GE(faults.swallowed_requests, 50U) << "too thin";
}

TEST(RegisterTrial, LosesNothingWhenItIsKilledUnderLoad) {
  const SeedInPlay seed(seeds_to_run(1).first);
  const TempFolder folder(TempFolder::On::disk);
  ServedProgram server(folder / "data");
  RegisterLoad load(load_options(3), clients_at(server.port()));
  BlockWriter blocks(server.port(), 4);
  Generator random(5);
  const std::uint64_t kills = 100 * scale();
  std::vector<std::chrono::milliseconds> restarts;
  while (restarts.size() < kills) {
    ASSERT_TRUE(load.wait_for_accepted(1 + random.below(200))) << "the load stands still";
    restarts.push_back(server.restart());
  }
  load.stop();
  blocks.stop();
  EXPECT_EQ(load.violation(), std::nullopt);
  EXPECT_EQ(count_absent(server.port(), blocks.taken()), 0U);
  std::sort(restarts.begin(), restarts.end());
  std::cout << kills << " kills, " << load.operations() << " operations, " << load.accepted()
            << " accepted, " << load.open() << " of unknown outcome, " << blocks.taken().size()
            << " blocks; restarts took " << restarts[kills / 2].count() << " ms (median), "
            << restarts.back().count() << " ms (longest)\n";
  EXPECT_GE(load.accepted(), 20 * kills) << "too thin";
  EXPECT_GE(load.open(), kills / 5) << "too thin";
  EXPECT_GE(blocks.taken().size(), kills) << "too thin";
}

}  // namespace
}  // namespace dialog::test
