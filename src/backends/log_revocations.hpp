#pragma once

#include "dialog/remote/revocations.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// One record for each subject that has revoked something. The engine outlives it.
class LogRevocations final : public RevocationStore {
 public:
  LogRevocations(store::Engine& engine, Clock& clock) : engine_(engine), clock_(clock) {}

  Result<void> add(const Subject& subject, const Revoke& revoke, const Context& context) override;
  Result<std::vector<Revocation>> list(const Subject& subject, const Context& context) override;

 private:
  store::Engine& engine_;
  Clock& clock_;
};

}  // namespace dialog
