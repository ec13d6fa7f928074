#pragma once

#include <memory>

#include "dialog/base/clock.hpp"
#include "dialog/remote/register.hpp"
#include "dialog/remote/revision_backend.hpp"
#include "dialog/remote/revision_cache.hpp"

namespace dialog {

/// A connection straight to a `Register`, without a server between: one in this process, in a
/// bucket, in etcd. A light object with a cache of its own; what the register costs is what a call
/// costs.
///
/// What the register reports becomes an error of the contract: `Unauthorized` for `unauthorized`;
/// `FetchFailed` or `PublishFailed` where it was out of reach, too slow or cancelled; a
/// `PublishFailed` marked indeterminate where it does not know what became of a swap;
/// `ProviderError` for all else. The code stays the register's.
class RegisterBackend final : public RevisionBackend {
 public:
  /// The times on record are those of `clock`, which must outlive this object and its clones.
  explicit RegisterBackend(std::shared_ptr<Register> shared, Clock& clock = system_clock());

 private:
  RemoteResult<std::optional<Revision>> do_revision(const Subject& subject) const override;
  RemoteResult<Head> do_fetch(const Subject& subject, const Context& context) override;
  RemoteResult<Head> do_swap(const Subject& subject, const Revision& expected,
                             const Revision& desired, const Context& context) override;
  RemoteResult<std::optional<HeadHistory>> do_history(const Subject& subject, std::uint64_t after,
                                                      const Context& context) override;
  std::unique_ptr<RevisionBackend> do_clone() const override;

  std::shared_ptr<Register> register_;
  Clock* clock_;
  RevisionCache cache_;
};

}  // namespace dialog
