#pragma once

#include <memory>

#include "dialog/store/index.hpp"
#include "lmdb_environment.hpp"

namespace dialog::lmdb {

/// The index of a log in an LMDB database: of each block 48 bytes, and what the pages of a tree
/// waste.
class LogIndex final : public store::Index {
 public:
  explicit LogIndex(std::shared_ptr<Environment> environment)
      : environment_(std::move(environment)) {}

  Result<store::Tip> checkpoint() override;
  Result<std::vector<std::optional<store::Place>>> find(store::Space space,
                                                        std::span<const Hash> hashes) override;
  Result<std::optional<StoredRecord>> record(ByteView key) override;
  Result<void> for_each_record(const RecordRange& range, const RecordVisitor& visit) override;
  Result<void> for_each_block(const BlockVisitor& visit) override;
  Result<void> for_each_block_in(store::Space space, const std::optional<Hash>& after,
                                 const BlockVisitor& visit) override;
  Result<std::vector<store::SpaceUse>> uses(std::span<const store::Space> spaces,
                                            const BlockChanges& newer) override;
  Result<void> apply(const Changes& changes) override;
  Result<std::map<std::uint32_t, std::uint64_t>> live_bytes() override;
  Result<void> check() override;

  /// Before it is used: counts what each space of a server's index holds, where whoever wrote it
  /// last did not.
  Result<void> prepare();

 private:
  class Apply;
  class Count;
  Result<void> for_each_block_from(ByteView prefix, Bytes after, const BlockVisitor& visit);
  const std::shared_ptr<Environment> environment_;
};

}  // namespace dialog::lmdb
