#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/base/random.hpp"
#include "dialog/remote/memory_backend.hpp"
#include "dialog/sync/action.hpp"
#include "scheduler.hpp"

namespace dialog::sim {

/// A register and an archive behind a network.
class SimRemote {
 public:
  explicit SimRemote(bool keeps_history);

  /// What the remote does when a request arrives, however often and however late it does.
  Answer serve(const Action& request);

  [[nodiscard]] Revision head();
  [[nodiscard]] Archive& blocks() { return blocks_; }
  [[nodiscard]] std::uint64_t swaps_accepted() const { return swaps_accepted_; }

  /// Called after each accepted swap.
  std::function<void(const Revision&)> on_accepted;

  /// Forgets everything that was ever published.
  void wipe();

 private:
  Answer swap(const SwapHead& request);

  Subject subject_;
  bool keeps_history_;
  std::unique_ptr<MemoryRegister> register_ = std::make_unique<MemoryRegister>();
  MemoryArchive blocks_;
  std::uint64_t swaps_accepted_ = 0;
};

/// Chances in 1,000.
struct NetworkFaults {
  std::uint64_t loss = 0;
  std::uint64_t repeat = 0;
  /// A message that takes so long that its sender has long given up.
  std::uint64_t straggle = 0;
};

struct NetworkCounts {
  std::uint64_t requests = 0;
  std::uint64_t lost_requests = 0;
  std::uint64_t lost_replies = 0;
  std::uint64_t repeated = 0;
  std::uint64_t timeouts = 0;
};

/// Carries requests and replies: each may be lost, repeated, delayed, overtaken.
class SimNetwork {
 public:
  SimNetwork(Scheduler& scheduler, SeededRandom& random) : scheduler_(scheduler), random_(random) {}

  /// Sends a request. `answered` is called once: with the first reply, or after the time-out, when
  /// the request may still arrive later.
  void call(SimRemote& remote, const Action& request, std::function<void(Answer)> answered);

  NetworkFaults faults;
  [[nodiscard]] const NetworkCounts& counts() const { return counts_; }

 private:
  struct Call;
  void deliver(SimRemote& remote, const Action& request, const std::shared_ptr<Call>& call);
  Scheduler::Tick delay();

  Scheduler& scheduler_;
  SeededRandom& random_;
  NetworkCounts counts_;
};

}  // namespace dialog::sim
