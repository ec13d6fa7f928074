#pragma once

#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/archive.hpp"

namespace dialog {

/// A local archive that reads through to a remote one: what a partial replica works on. Thread-safe
/// where both are. Both must outlive this object.
///
/// `get` asks the local archive, then the remote one for all that is absent, in one call; what
/// comes is checked against the hashes and kept locally. Where it cannot be kept (a full disk, say)
/// it is returned all the same. Where the remote one fails, so does `get`, even if part of the
/// batch is local: ask the local archive for what is there. `has` asks in the same way and keeps
/// nothing. `put` and `flush` concern the local archive alone: only a push sends blocks away,
/// together with the pointer that makes them reachable.
class CachingArchive final : public Archive {
 public:
  CachingArchive(Archive& local, Archive& remote) : local_(local), remote_(remote) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  Archive& local_;
  Archive& remote_;
};

}  // namespace dialog
