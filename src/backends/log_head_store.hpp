#pragma once

#include "dialog/replica/head_store.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// The records of a repository in its log. A commit takes along the blocks that were put before.
/// The engine outlives it.
class LogHeadStore final : public HeadStore {
 public:
  explicit LogHeadStore(store::Engine& engine) : engine_(engine) {}

  Result<std::optional<Bytes>> read(std::string_view key, View view) override;
  Result<std::vector<Record>> list(const Range& range, View view) override;
  Result<std::optional<Ticket>> submit(std::span<const RecordChange> changes) override;
  Result<void> wait(Ticket ticket) override;

 private:
  store::Engine& engine_;
};

}  // namespace dialog
