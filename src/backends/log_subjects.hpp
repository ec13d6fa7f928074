#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "dialog/archive/archive.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// Which space of a log holds the blocks of which subject. A subject gets its space with its first
/// block. Thread-safe. The engine outlives it.
class LogSubjects {
 public:
  explicit LogSubjects(store::Engine& engine) : engine_(engine) {}

  /// Absent where nothing was ever put.
  Result<std::optional<store::Space>> find(const Hash& id);
  Result<store::Space> ensure(const Hash& id, const Context& context);

 private:
  void keep(const Hash& id, store::Space space);
  store::Engine& engine_;
  std::mutex mutex_;
  std::unordered_map<Hash, store::Space> known_;
};

/// The blocks of one subject.
class LogSubjectArchive final : public Archive {
 public:
  LogSubjectArchive(store::Engine& engine, LogSubjects& subjects, const Hash& id, Clock& clock)
      : engine_(engine), subjects_(subjects), id_(id), clock_(clock) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  store::Engine& engine_;
  LogSubjects& subjects_;
  const Hash id_;
  Clock& clock_;
};

}  // namespace dialog
