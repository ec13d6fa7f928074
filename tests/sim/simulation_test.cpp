#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>

#include "sim_world.hpp"

namespace dialog::sim {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  std::uint64_t value = otherwise;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

#ifndef DIALOG_SIM_SEEDS
#define DIALOG_SIM_SEEDS 1000
#endif

// DIALOG_SIM_SEED=<n> runs one seed alone; DIALOG_SOAK_SCALE=<n> runs n times as many.
TEST(Simulation, ReplicasConvergeAndLoseNothing) {
  WorldCounts total;
  const std::uint64_t single = number_from_environment("DIALOG_SIM_SEED", 0);
  const std::uint64_t first =
      single != 0 ? single : number_from_environment("DIALOG_SIM_FIRST_SEED", 1);
  const std::uint64_t count =
      single != 0 ? 1 : DIALOG_SIM_SEEDS * number_from_environment("DIALOG_SOAK_SCALE", 1);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SimWorld world({seed, 300});
    const std::string fault = world.run();
    ASSERT_EQ(fault, "") << "seed " << seed << ": run it alone with DIALOG_SIM_SEED=" << seed;
    total += world.counts();
  }
  const ReplicaCounts& replicas = total.replicas;
  std::printf(
      "%llu seeds: %llu commits, %llu swaps, %llu merges, %llu conflicts, %llu rejected pushes, "
      "%llu crashes, "
      "%llu failed sessions, %llu ambiguous; %llu requests, %llu requests lost, %llu replies lost, "
      "%llu repeated, "
      "%llu time-outs; %llu deep trees; %llu commits left something pending, %llu came together\n",
      static_cast<unsigned long long>(total.seeds),
      static_cast<unsigned long long>(replicas.commits),
      static_cast<unsigned long long>(total.swaps_accepted),
      static_cast<unsigned long long>(replicas.merges),
      static_cast<unsigned long long>(replicas.conflicts),
      static_cast<unsigned long long>(replicas.pushes_rejected),
      static_cast<unsigned long long>(replicas.crashes),
      static_cast<unsigned long long>(replicas.failed_sessions),
      static_cast<unsigned long long>(replicas.ambiguous),
      static_cast<unsigned long long>(total.network.requests),
      static_cast<unsigned long long>(total.network.lost_requests),
      static_cast<unsigned long long>(total.network.lost_replies),
      static_cast<unsigned long long>(total.network.repeated),
      static_cast<unsigned long long>(total.network.timeouts),
      static_cast<unsigned long long>(total.deep_trees),
      static_cast<unsigned long long>(replicas.pending),
      static_cast<unsigned long long>(replicas.together));
  if (count < 50) return;
  // A run in which too little happens proves nothing.
  EXPECT_GE(replicas.commits, 20 * total.seeds);
  EXPECT_GE(total.swaps_accepted, 3 * total.seeds);
  EXPECT_GE(replicas.merges, 3 * total.seeds);
  EXPECT_GE(replicas.conflicts, total.seeds);
  EXPECT_GE(replicas.crashes, total.seeds);
  EXPECT_GE(total.network.lost_replies, total.seeds);
  EXPECT_GE(replicas.ambiguous, 1U);
  EXPECT_GE(replicas.collections, total.seeds / 2);
  EXPECT_GE(total.deep_trees, total.seeds / 4);
  EXPECT_GE(replicas.pending, 5 * total.seeds);
  EXPECT_GE(replicas.together, 5 * total.seeds);
}

TEST(Simulation, TheSameSeedGivesTheSameRun) {
  SimWorld one({7, 200});
  SimWorld other({7, 200});
  EXPECT_EQ(one.run(), "");
  EXPECT_EQ(other.run(), "");
  EXPECT_EQ(one.counts().network.requests, other.counts().network.requests);
  EXPECT_EQ(one.counts().swaps_accepted, other.counts().swaps_accepted);
  EXPECT_EQ(one.counts().replicas.commits, other.counts().replicas.commits);
}

}  // namespace
}  // namespace dialog::sim
