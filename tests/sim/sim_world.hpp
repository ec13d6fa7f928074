#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/base/random.hpp"
#include "model.hpp"
#include "scheduler.hpp"
#include "sim_remote.hpp"
#include "sim_replica.hpp"

namespace dialog::sim {

struct WorldCounts {
  std::uint64_t seeds = 0;
  std::uint64_t swaps_accepted = 0;
  NetworkCounts network;
  ReplicaCounts replicas;
  std::uint64_t deep_trees = 0;  ///< runs that ended with a tree of three levels and more
  WorldCounts& operator+=(const WorldCounts& other);
};

/// One run: some replicas and a remote, a time of trouble, in the middle of it maybe a disaster of
/// the remote, then a time without, in which all must become equal. Everything follows from the
/// seed.
class SimWorld {
 public:
  struct Options {
    std::uint64_t seed = 0;
    std::uint64_t steps = 300;
  };

  explicit SimWorld(const Options& options);

  /// What went wrong; empty where nothing did.
  std::string run();

  [[nodiscard]] WorldCounts counts() const;

 private:
  void trouble(std::uint64_t steps);
  void disaster();
  [[nodiscard]] bool strike();
  Block unsound_root();
  [[nodiscard]] bool knows_better(const SimReplica& replica);
  void heal();
  bool drain();
  void settle_all();
  bool settle(SimReplica& replica);
  void check_remote(const Revision& head);
  void check_end();
  void check_end(SimReplica& replica, const Model::Contents& contents);
  void check_undo();
  void check_idle();
  void note(std::string fault);
  bool is_faulty();
  SimReplica& any_replica();

  Options options_;
  SeededRandom random_;
  ManualClock clock_;
  Scheduler scheduler_;
  SimNetwork network_;
  SimRemote remote_;
  Model model_;
  std::vector<std::unique_ptr<SimReplica>> replicas_;
  std::uint64_t crash_chance_ = 0;
  bool keeps_history_;
  bool deep_ = false;
  std::string fault_;
};

}  // namespace dialog::sim
