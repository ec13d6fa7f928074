#pragma once

#include <cstdint>
#include <memory>

#include "dialog/base/random.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog::sim {

/// A repository's store on a disk that may lose power: blocks are volatile until a flush or a
/// commit, and a cut keeps any part of the volatile ones. A commit itself can be interrupted: then
/// nobody learns whether it happened.
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

  /// From now on commits fail with a chance of `numerator` in 1,000, before or after they took
  /// effect; whoever gets the error must take the process for dead and call `power_cut`.
  void interrupt_commits(std::uint64_t numerator);
  /// How many commits were interrupted so far.
  [[nodiscard]] std::uint64_t interruptions() const;

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
