#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "dialog/remote/server_store.hpp"
#include "dialog/remote/shared_archives.hpp"
#include "dialog/remote/shared_register.hpp"

namespace dialog {

/// A server's state in two places that know nothing of each other: a register, and archives for any
/// subjects. For registers and archives on services that several servers share.
///
/// A removal takes the head first, then the blocks; until it is through, the subject can neither be
/// read nor written (`unavailable`). One that was cut short is taken up by the next call.
class ComposedServerStore final : public ServerStore {
 public:
  struct Parts {
    std::shared_ptr<SharedRegister> heads;     ///< never null
    std::shared_ptr<SharedArchives> archives;  ///< never null
    /// Beside the heads, for all servers that share them; null where none are kept.
    std::shared_ptr<RevocationStore> revocations{};
    /// What `ServerStore::check_writable` answers; empty where no failure of the parts lasts.
    std::function<Result<void>()> check_writable{};
  };
  explicit ComposedServerStore(Parts parts) : parts_(std::move(parts)) {}

  Register& head_register() override { return *parts_.heads; }
  std::shared_ptr<Archive> archive_for(const Subject& subject) override {
    return parts_.archives->archive_for(subject);
  }
  RevocationStore* revocations() override { return parts_.revocations.get(); }
  [[nodiscard]] Result<void> check_writable() const override {
    return parts_.check_writable ? parts_.check_writable() : Result<void>();
  }
  Result<bool> remove(const Subject& subject, const Context& context) override;
  Result<Usage> usage(const Subject& subject, const Context& context) override {
    return parts_.archives->usage(subject, context);
  }
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override;
  Result<void> set_default_quota(const Quota& quota) override {
    return parts_.archives->set_default_quota(quota);
  }
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context) override {
    return parts_.archives->set_quota(subject, quota, context);
  }
  Result<Quota> quota(const Subject& subject, const Context& context) override {
    return parts_.archives->quota(subject, context);
  }

 private:
  Parts parts_;
};

/// The heads of a store of this machine alone, for a server whose blocks lie elsewhere.
std::shared_ptr<SharedRegister> heads_of(std::shared_ptr<ServerStore> store);
/// The blocks and quotas of a store of this machine alone, for a server whose heads lie elsewhere.
std::shared_ptr<SharedArchives> archives_of(std::shared_ptr<ServerStore> store);
/// What such a store keeps of revocations; null where it keeps none.
std::shared_ptr<RevocationStore> revocations_of(const std::shared_ptr<ServerStore>& store);

}  // namespace dialog
