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

  Result<std::optional<Bytes>> read(std::string_view key) override;
  Result<std::vector<Record>> list(const Range& range) override;
  Result<bool> commit(std::span<const RecordChange> changes) override;

 private:
  class Commit;
  const std::shared_ptr<Environment> environment_;
  BlockArchive& archive_;
};

}  // namespace dialog::lmdb
