#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "dialog/archive/archive.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// Which space of a log holds the blocks of which subject, and what a subject may hold. A subject
/// gets its space with its first block; one that was removed gets another, so it never sees the old
/// blocks. Thread-safe. The engine outlives it.
class LogSubjects {
 public:
  explicit LogSubjects(store::Engine& engine) : engine_(engine) {}

  /// As it is durable; absent where nothing was ever put.
  Result<std::optional<store::Space>> find(const Hash& id);
  /// `quota_exceeded`: nothing was put.
  Result<void> put(const Subject& subject, std::span<const Block> blocks, const Context& context);

  /// While a subject is removed: what becomes durable then counts at that moment.
  void begin_removal(const Hash& id);
  void end_removal();

  void set_default_quota(const Quota& quota);
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context);
  Result<Quota> quota(const Hash& id);

 private:
  /// The record of a subject's space: absent where nothing was ever put.
  Result<std::optional<Bytes>> ensure(const Subject& subject, const Context& context);
  store::Engine& engine_;
  std::mutex mutex_;
  std::unordered_map<Hash, store::Space> known_;
  /// What the engine and this object had to tell when they became known.
  std::uint64_t follows_ = 0;
  std::uint64_t removals_begun_ = 0;
  std::uint64_t removals_ended_ = 0;
  Quota default_quota_;
};

/// The record of a subject's space.
struct SpaceRecord {
  store::Space space = 0;  ///< 0: the subject was removed, and has none
  std::string did;         ///< empty where a version before this wrote it
};
Bytes print_space(const SpaceRecord& record);
Result<SpaceRecord> parse_space(ByteView stored);

/// The record of a subject's quota; empty where it has none any more.
struct QuotaRecord {
  Quota quota;
  std::string did;
};
Bytes print_quota(const QuotaRecord& record);
Result<std::optional<QuotaRecord>> parse_quota(ByteView stored);

/// The blocks of one subject.
class LogSubjectArchive final : public Archive {
 public:
  LogSubjectArchive(store::Engine& engine, LogSubjects& subjects, Subject subject, Clock& clock)
      : engine_(engine),
        subjects_(subjects),
        subject_(std::move(subject)),
        id_(subject_.id()),
        clock_(clock) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  store::Engine& engine_;
  LogSubjects& subjects_;
  const Subject subject_;
  const Hash id_;
  Clock& clock_;
};

}  // namespace dialog
