#pragma once

#include <memory>
#include <optional>

#include "dialog/remote/server_store.hpp"

namespace dialog::test {

/// A store in memory, for tests that change a few of its calls. Keeps no revocations.
class ForwardingStore : public ServerStore {
 public:
  Register& head_register() override { return store_.head_register(); }
  std::shared_ptr<Archive> archive_for(const Subject& subject) override {
    return store_.archive_for(subject);
  }
  [[nodiscard]] Result<void> check_writable() const override { return {}; }
  Result<bool> remove(const Subject& subject, const Context& context) override {
    return store_.remove(subject, context);
  }
  Result<Usage> usage(const Subject& subject, const Context& context) override {
    return store_.usage(subject, context);
  }
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override {
    return store_.list(after, limit, context);
  }
  Result<void> set_default_quota(const Quota& quota) override {
    return store_.set_default_quota(quota);
  }
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context) override {
    return store_.set_quota(subject, quota, context);
  }
  Result<Quota> quota(const Subject& subject, const Context& context) override {
    return store_.quota(subject, context);
  }

 protected:
  MemoryServerStore store_;
};

}  // namespace dialog::test
