#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "dialog/base/random.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog::sim {

/// A repository's store on a disk that may lose power: blocks are volatile until a flush or a
/// commit, and a cut keeps any part of the volatile ones. Submitted changes become durable when
/// somebody waits for them; a cut keeps those that were submitted first. A wait can be interrupted:
/// then nobody learns which of them happened.
class SimStore final : public RepositoryStore {
 public:
  explicit SimStore(SeededRandom& random);
  ~SimStore() override;

  CollectableArchive& archive() override;
  HeadStore& heads() override;
  Result<std::unique_ptr<Archive>> make_quarantine() override;
  Result<std::unique_ptr<StoreLease>> lease(LeaseKind kind) override;

  /// Loses what was not synced; some of it may have reached the disk all the same.
  void power_cut();

  /// From now on waits fail with a chance of `numerator` in 1,000. From the first one that does
  /// everything fails that writes: whoever gets the error must take the process for dead and call
  /// `power_cut`.
  void interrupt_commits(std::uint64_t numerator);
  /// How many waits were interrupted so far.
  [[nodiscard]] std::uint64_t interruptions() const;

  /// Called while somebody waits for the disk: what the other threads of the process do meanwhile.
  std::function<void()> while_waiting;

  /// How often anything durable changed: a block or a record more, less or another.
  [[nodiscard]] std::uint64_t changes() const;

 private:
  class Disk;
  class Blocks;
  class Heads;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Blocks> blocks_;
  std::unique_ptr<Heads> heads_;
  MemoryRepositoryStore leases_;
};

}  // namespace dialog::sim
