#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/remote/register.hpp"
#include "dialog/remote/register_backend.hpp"

namespace dialog {

/// A register in memory, with its whole history. Thread-safe. Never waits for anything but its own
/// lock.
class MemoryRegister final : public Register {
 public:
  /// Deadlines are measured on `clock`, which must outlive this object.
  explicit MemoryRegister(Clock& clock = system_clock());
  ~MemoryRegister() override;
  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override;
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override;
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override;

  /// Forgets a subject; says whether there was one.
  bool remove(const Subject& subject);
  /// Every subject with its latest swap.
  [[nodiscard]] std::vector<std::pair<Subject, HeadRecord>> heads() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A consumer: a light connection to the state of its provider, with a cache of its own.
using MemoryBackend = RegisterBackend;

/// Owns shared register state and hands out consumers. Copies share the state. Thread-safe.
class MemoryBackendProvider {
 public:
  /// `clock` must outlive this object and its consumers.
  explicit MemoryBackendProvider(Clock& clock = system_clock());

  /// Sets the revision of a subject, whatever it was before. Zeros are allowed: a record that is
  /// itself zeros.
  RemoteResult<void> initialize(const Subject& subject, const Revision& revision);

  /// A new consumer with an empty cache.
  [[nodiscard]] MemoryBackend connect() const;

 private:
  std::shared_ptr<MemoryRegister> register_;
  Clock* clock_;
};

}  // namespace dialog
