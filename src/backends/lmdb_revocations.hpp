#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "dialog/remote/revocations.hpp"
#include "lmdb_environment.hpp"

namespace dialog::lmdb {

/// One record for each subject that has revoked something.
class Revocations final : public RevocationStore {
 public:
  Revocations(std::shared_ptr<Environment> environment, Clock& clock)
      : environment_(std::move(environment)), clock_(clock) {}

  Result<void> add(const Subject& subject, const Revoke& revoke, const Context& context) override;
  Result<std::vector<Revocation>> list(const Subject& subject, const Context& context) override;

  /// Checks every record.
  Result<void> check();

 private:
  class AddJob;
  const std::shared_ptr<Environment> environment_;
  Clock& clock_;
};

}  // namespace dialog::lmdb
