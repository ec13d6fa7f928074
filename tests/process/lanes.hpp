#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/replica/head_store.hpp"
#include "dialog/store/engine.hpp"

// What the processes of tests commit, and what must be there whatever became of them.
//
// A lane is a sequence of steps that one thread commits in order. A step puts blocks, and commits a
// record that names them; the same commit moves the record that tells the lane's last step, and
// takes an old record away. All follows from the numbers of the lane and the step, and from the
// folder's.

namespace dialog::test {

/// Such that segments, checkpoints and compaction of a log follow quickly; the folder's number
/// chooses how quickly.
store::Limits quick_limits(std::uint64_t folder_number);

/// The store in a folder, created where there is none: "log", with such limits, or "lmdb".
Result<std::unique_ptr<RepositoryStore>> open_store(std::string_view kind,
                                                    const std::string& folder,
                                                    std::uint64_t folder_number);

class Lane {
 public:
  /// So many steps may be submitted before the first is waited for.
  static constexpr int kPipelineMax = 3;

  Lane(std::uint64_t folder_number, int number) : folder_number_(folder_number), number_(number) {}

  /// The last step that is durable; -1 before the first.
  [[nodiscard]] Result<int> last(HeadStore& heads) const;

  /// `conflict` where the lane does not stand at the step before.
  [[nodiscard]] Result<HeadStore::Ticket> submit(RepositoryStore& store, int step) const;

  /// Commits `count` steps from `first` on, and returns when they are durable. `conflict` where the
  /// lane stands elsewhere.
  Result<void> commit(RepositoryStore& store, int first, int count) const;

  /// Absent where everything up to the step `acknowledged` is there that has to be, each record
  /// with its blocks, and of what came after it the start or nothing; else what is wrong.
  [[nodiscard]] Result<std::optional<std::string>> find_fault(RepositoryStore& store,
                                                              int acknowledged) const;

  /// Absent where the record of a step is there with its blocks, or the lane has gone far beyond it
  /// meanwhile; else what is wrong.
  [[nodiscard]] Result<std::optional<std::string>> find_fault_at(RepositoryStore& store,
                                                                 int step) const;

 private:
  [[nodiscard]] std::string pointer_key() const;
  [[nodiscard]] std::string record_key(int step) const;
  [[nodiscard]] std::vector<Block> blocks(int step) const;
  [[nodiscard]] Bytes value(int step) const;
  [[nodiscard]] Result<void> remove_old_blocks(RepositoryStore& store, int step) const;
  [[nodiscard]] Result<std::optional<std::string>> find_lost_block(RepositoryStore& store,
                                                                   int step) const;

  const std::uint64_t folder_number_;
  const int number_;
};

/// Absent where every block in the store has the bytes that its hash promises.
Result<std::optional<std::string>> find_broken_block(RepositoryStore& store);

}  // namespace dialog::test
