#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/base/random.hpp"
#include "dialog/remote/memory_backend.hpp"
#include "dialog/sync/action.hpp"
#include "scheduler.hpp"

namespace dialog::sim {

/// A register and an archive behind a network.
class SimRemote {
 public:
  /// What has befallen the register. Nobody may come to terms with any but the first.
  enum class Condition : std::uint8_t {
    sound,
    wiped,        ///< it shows no head, as if nothing was ever published
    rolled_back,  ///< it was restored from an old copy
    poisoned,     ///< its head names a tree that is not sound
  };

  explicit SimRemote(bool keeps_history);

  /// What the remote does when a request arrives, however often and however late it does.
  Answer serve(const Action& request);

  [[nodiscard]] Revision head();
  /// How many swaps were accepted, as the register counts them.
  [[nodiscard]] std::uint64_t sequence();
  [[nodiscard]] Archive& blocks() { return blocks_; }
  [[nodiscard]] std::uint64_t swaps_accepted() const { return swaps_accepted_; }
  /// Blocks that were uploaded although they were there.
  [[nodiscard]] std::uint64_t uploads_in_vain() const { return uploads_in_vain_; }

  /// Called after each accepted swap.
  std::function<void(const Revision&)> on_accepted;

  [[nodiscard]] Condition condition() const { return condition_; }
  void wipe();
  /// To the first `sequence` swaps.
  void roll_back(std::uint64_t sequence);
  void poison(const Block& root);
  /// Undoes what befell it; the sequence numbers go on.
  void restore();

  /// The first thing that should never happen; empty where nothing did.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  Answer swap(const SwapHead& request);
  void check_upload(const std::vector<Block>& blocks);
  [[nodiscard]] bool has(const Hash& hash);
  void note(std::string fault);

  Subject subject_;
  bool keeps_history_;
  std::unique_ptr<MemoryRegister> register_ = std::make_unique<MemoryRegister>();
  /// The register as it was before it was wiped or rolled back.
  std::unique_ptr<MemoryRegister> aside_;
  Revision before_poison_;
  Condition condition_ = Condition::sound;
  MemoryArchive blocks_;
  std::uint64_t swaps_accepted_ = 0;
  std::uint64_t uploads_in_vain_ = 0;
  std::string fault_;
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
