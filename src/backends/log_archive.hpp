#pragma once

#include "dialog/archive/archive.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// The blocks of one space of a log. The engine outlives it.
class LogArchive final : public CollectableArchive {
 public:
  LogArchive(store::Engine& engine, store::Space space, Clock& clock)
      : engine_(engine), space_(space), clock_(clock) {}

  Result<void> for_each(const std::function<bool(const Hash&, ByteView)>& visit) override;
  Result<void> remove(std::span<const Hash> hashes) override;
  Result<std::uint64_t> reclaim(const Context& context) override;

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  store::Engine& engine_;
  const store::Space space_;
  Clock& clock_;
};

}  // namespace dialog
