#pragma once

#include <memory>
#include <string>

#include "dialog/cloud/s3_config.hpp"
#include "dialog/http/http_transport.hpp"
#include "dialog/remote/revocations.hpp"

namespace dialog {

namespace detail {
class S3Caller;
}

/// What subjects have revoked, in a bucket beside their heads, for all servers that share it:
/// docs/format/bucket.md. Thread-safe. A list is one request, an addition two, and two more each
/// time that another server was faster. For a store that honours conditions: see
/// `S3Register::probe`. Errors as of `S3Register`, but none is `indeterminate`: adding once more
/// does no harm.
class S3Revocations final : public RevocationStore {
 public:
  /// As `S3Register::create`.
  static Result<std::unique_ptr<S3Revocations>> create(S3Config config, HttpTransport transport);

  Result<void> add(const Subject& subject, const Revoke& revoke, const Context& context) override;
  Result<std::vector<Revocation>> list(const Subject& subject, const Context& context) override;

 private:
  struct Stored {
    std::string etag;  // empty where there is no object yet
    std::vector<Revocation> revocations;
  };
  explicit S3Revocations(std::shared_ptr<const detail::S3Caller> caller)
      : caller_(std::move(caller)) {}
  Result<Stored> load(const Subject& subject, const Context& context) const;

  const std::shared_ptr<const detail::S3Caller> caller_;
};

}  // namespace dialog
