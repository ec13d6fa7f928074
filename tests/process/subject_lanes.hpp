#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialog/backends/log_server_store.hpp"
#include "dialog/remote/subject.hpp"

// What the processes of tests publish on a server's store, and what must be there whatever became
// of them: as lanes.hpp, for a server.

namespace dialog::test {

/// The server's store in a folder, created where there is none, with limits as of `open_store`.
Result<std::unique_ptr<LogServerStore>> open_server_store(const std::string& folder,
                                                          std::uint64_t folder_number);

/// A sequence of steps that one thread takes for one subject. A step puts blocks and flushes them,
/// then swaps the subject's head to the revision of the step.
class SubjectLane {
 public:
  SubjectLane(std::uint64_t folder_number, int number);

  /// The last step that is published; -1 before the first.
  [[nodiscard]] Result<int> last(ServerStore& store) const;

  /// Durable at return.
  [[nodiscard]] Result<void> put_blocks(ServerStore& store, int step) const;
  /// `conflict` where the head stands elsewhere.
  [[nodiscard]] Result<void> swap(ServerStore& store, int step) const;

  /// Absent where the head is at the step `acknowledged` or the one after it, with the swaps that
  /// led there, their blocks, and those of the step `flushed`; else what is wrong.
  [[nodiscard]] Result<std::optional<std::string>> find_fault(ServerStore& store, int acknowledged,
                                                              int flushed) const;

 private:
  [[nodiscard]] Revision revision(int step) const;
  [[nodiscard]] std::vector<Block> blocks(int step) const;
  [[nodiscard]] Result<std::optional<std::string>> find_wrong_swap(ServerStore& store,
                                                                   int end) const;
  [[nodiscard]] Result<bool> has_blocks(ServerStore& store, int step) const;

  const std::uint64_t folder_number_;
  const int number_;
  const Subject subject_;
};

/// Absent where all that lies in the store is sound.
Result<std::optional<std::string>> find_damage(LogServerStore& store);

}  // namespace dialog::test
