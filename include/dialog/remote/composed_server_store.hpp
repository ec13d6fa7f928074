#pragma once

#include <functional>
#include <memory>
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

 private:
  Parts parts_;
};

}  // namespace dialog
