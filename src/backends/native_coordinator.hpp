#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "dialog/store/coordinator.hpp"
#include "writer_lock.hpp"

namespace dialog {

/// Coordinates the processes of one machine that have a store's folder open: by locks on a small
/// file, and by what they write into memory that they share through it. What it says is worth
/// nothing after the system was started anew, and is then ignored.
class NativeCoordinator final : public store::Coordinator {
 public:
  /// Makes the file where it is missing. `storage_failed`, `storage_full`.
  static Result<std::unique_ptr<NativeCoordinator>> open(const std::string& file);
  ~NativeCoordinator() override;

  Result<Taken> try_lock() override;
  void unlock() override;
  void abandon() override;
  bool is_awaited() override { return lock_.is_awaited(); }
  std::string holder() override;
  std::optional<store::Published> published() override;
  void publish(const store::Tip& durable) override;
  void publish_checkpoint(std::uint64_t sequence) override;

 private:
  struct Shared;
  NativeCoordinator(int file, const std::string& name, Shared* shared, std::string boot);
  [[nodiscard]] bool is_of_this_boot() const;

  const int file_;
  Shared* const shared_;
  const std::string boot_;  ///< names the present run of the system
  mutable std::atomic<bool> was_of_this_boot_ = false;
  WriterLock lock_;
  bool has_right_ = false;
};

}  // namespace dialog
