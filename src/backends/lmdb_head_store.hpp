#pragma once

#include <memory>

#include "dialog/replica/head_store.hpp"
#include "lmdb_archive.hpp"

namespace dialog::lmdb {

/// The records of a repository. A commit takes the archive's buffered blocks along.
class RecordStore final : public HeadStore {
 public:
  RecordStore(std::shared_ptr<Environment> environment, BlockArchive& archive)
      : environment_(std::move(environment)), archive_(archive) {}

  Result<std::optional<Bytes>> read(std::string_view key, View view) override;
  Result<std::vector<Record>> list(const Range& range, View view) override;
  /// Durable when it returns.
  Result<std::optional<Ticket>> submit(std::span<const RecordChange> changes) override;
  Result<void> wait(Ticket) override { return {}; }

 private:
  class Commit;
  const std::shared_ptr<Environment> environment_;
  BlockArchive& archive_;
};

}  // namespace dialog::lmdb
