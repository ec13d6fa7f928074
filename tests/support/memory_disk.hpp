#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/disk.hpp"
#include "support/generator.hpp"

namespace dialog::test {

/// A disk in memory that can lose what was not synced, and does so more cruelly than real ones: of
/// the unsynced writes and names any part survives a crash, each by itself. Folders need not be
/// made: one exists for every path. Thread-safe, like any disk.
class MemoryDisk final : public Disk {
 public:
  MemoryDisk();
  ~MemoryDisk() override;

  Result<std::unique_ptr<DiskFile>> open(const std::string& path, Open how) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<void> sync_folder(const std::string& folder) override;

  /// How many calls came, those to open files too.
  [[nodiscard]] std::uint64_t calls() const;
  /// The call `nth` from now on (1 is the next) fails and does nothing.
  void fail_call(std::uint64_t nth, ErrorCode code = ErrorCode::storage_failed);
  /// The call `nth` from now on and all after it fail and do nothing: the machine is about to
  /// crash.
  void halt_at(std::uint64_t nth);
  [[nodiscard]] bool has_halted() const;

  enum class Loss : std::uint8_t {
    everything,  ///< all that was not synced
    nothing,     ///< the process died, the machine did not
    anything,    ///< whatever the generator picks: some writes, parts of others, some names
  };
  /// The power is cut and comes back: calls work again. Files that are open must not be used any
  /// more.
  void crash(Generator& generator, Loss loss);

 private:
  struct Inode;
  struct State;
  class File;

  std::shared_ptr<State> state_;
};

}  // namespace dialog::test
