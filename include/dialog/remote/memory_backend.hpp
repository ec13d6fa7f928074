#pragma once

#include <memory>

#include "dialog/remote/register.hpp"
#include "dialog/remote/revision_backend.hpp"

namespace dialog {

/// A register in memory, with its whole history. Thread-safe.
class MemoryRegister final : public Register {
 public:
  MemoryRegister();
  ~MemoryRegister() override;
  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override;
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap, const Context& context) override;
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A consumer: a light connection to the state of its provider, with a cache of its own.
class MemoryBackend final : public RevisionBackend {
 public:
  explicit MemoryBackend(std::shared_ptr<Register> shared);
  MemoryBackend(const MemoryBackend& other);
  MemoryBackend& operator=(const MemoryBackend& other);
  ~MemoryBackend() override;

 private:
  struct Cache;
  RemoteResult<std::optional<Revision>> do_revision(const Subject& subject) const override;
  RemoteResult<Head> do_fetch(const Subject& subject, const Context& context) override;
  RemoteResult<Head> do_swap(const Subject& subject, const Revision& expected, const Revision& desired,
                             const Context& context) override;
  RemoteResult<std::optional<HeadHistory>> do_history(const Subject& subject, std::uint64_t after,
                                                      const Context& context) override;
  std::unique_ptr<RevisionBackend> do_clone() const override;

  std::shared_ptr<Register> register_;
  std::shared_ptr<Cache> cache_;
};

/// Owns shared register state and hands out consumers. Copies share the state. Thread-safe.
class MemoryBackendProvider {
 public:
  MemoryBackendProvider();

  /// Sets the revision of a subject, whatever it was before. Zeros are allowed: a record that is itself zeros.
  RemoteResult<void> initialize(const Subject& subject, const Revision& revision);

  /// A new consumer with an empty cache.
  [[nodiscard]] MemoryBackend connect() const;

 private:
  std::shared_ptr<MemoryRegister> register_;
};

}  // namespace dialog
