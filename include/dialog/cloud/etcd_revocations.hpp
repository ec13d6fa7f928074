#pragma once

#include <memory>

#include "dialog/cloud/etcd_config.hpp"
#include "dialog/http/http_transport.hpp"
#include "dialog/remote/revocations.hpp"

namespace dialog {

namespace etcd {
class Caller;
}

/// What subjects have revoked, in a cluster of etcd beside their heads, for all servers that share
/// it: docs/format/etcd.md. Thread-safe. A list is one round trip, an addition two, and two more
/// each time that another server was faster. Errors as of `EtcdRegister`, but none is
/// `indeterminate`: adding once more does no harm.
class EtcdRevocations final : public RevocationStore {
 public:
  /// As `EtcdRegister::create`.
  static Result<std::unique_ptr<EtcdRevocations>> create(EtcdAddress address, EtcdOptions options,
                                                         HttpTransport transport);
  ~EtcdRevocations() override;

  Result<void> add(const Subject& subject, const Revoke& revoke, const Context& context) override;
  Result<std::vector<Revocation>> list(const Subject& subject, const Context& context) override;

 private:
  struct Stored;
  explicit EtcdRevocations(std::unique_ptr<etcd::Caller> caller);
  Result<Stored> load(const Subject& subject, const Context& context);

  const std::unique_ptr<etcd::Caller> caller_;
};

}  // namespace dialog
