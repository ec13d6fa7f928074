#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dialog/remote/server_store.hpp"

namespace dialog {

/// A server's state in two places that know nothing of each other: a register, and archives for any
/// subjects. For registers and archives on services that several servers share.
class ComposedServerStore final : public ServerStore {
 public:
  /// Must keep what `ServerStore::archive_for` promises. Thread-safe.
  using ArchiveFactory = std::function<std::shared_ptr<Archive>(const Subject&)>;

  struct Parts {
    std::shared_ptr<Register> heads;  ///< never null
    ArchiveFactory archives;          ///< never empty
    /// What `ServerStore::check_writable` answers; empty where no failure of the parts lasts.
    std::function<Result<void>()> check_writable;
  };
  explicit ComposedServerStore(Parts parts) : parts_(std::move(parts)) {}

  Register& head_register() override { return *parts_.heads; }
  std::shared_ptr<Archive> archive_for(const Subject& subject) override {
    return parts_.archives(subject);
  }
  [[nodiscard]] Result<void> check_writable() const override {
    return parts_.check_writable ? parts_.check_writable() : Result<void>();
  }
  /// The services know nothing of subjects beside their heads and blocks.
  Result<bool> remove(const Subject&, const Context&) override { return unable("remove subjects"); }
  Result<Usage> usage(const Subject&, const Context&) override { return unable("count blocks"); }
  Result<Page> list(const std::optional<Hash>&, std::size_t, const Context&) override {
    return unable("list subjects");
  }
  Result<void> set_default_quota(const Quota& quota) override {
    if (quota == Quota{}) return {};
    return unable("keep quotas");
  }
  Result<void> set_quota(const Subject&, const std::optional<Quota>&, const Context&) override {
    return unable("keep quotas");
  }
  Result<Quota> quota(const Subject&, const Context&) override { return Quota{}; }

 private:
  static tl::unexpected<Error> unable(const std::string& what) {
    return fail(ErrorCode::unsupported, "this server's store cannot " + what);
  }
  Parts parts_;
};

}  // namespace dialog
