#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "dialog/remote/server_store.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// Heads and their history in a log. Swaps of all subjects that wait at the same time share one
/// sync. The engine outlives it.
class LogRegister final : public Register {
 public:
  LogRegister(store::Engine& engine, std::uint64_t history_kept, Clock& clock)
      : engine_(engine), history_kept_(history_kept), clock_(clock) {}

  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override;
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override;
  /// One sync for all.
  std::vector<Result<SwapOutcome>> swap_all(std::span<const Asked> swaps,
                                            const Context& context) override;
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override;

  /// Reads every head and every swap; counts them.
  Result<ServerStore::Checked> check(const std::function<void(Error fault)>& on_fault);

 private:
  Result<std::uint64_t> check(char kind, const std::function<void(Error fault)>& on_fault);
  /// What a swap came to, and the entry of the log that must be durable before anybody is told.
  struct Begun {
    std::uint64_t number = 0;
    SwapOutcome outcome;
  };
  Result<Begun> begin(const Subject& subject, const Swap& swap, const Context& context);
  Result<std::optional<Begun>> try_begin(const Subject& subject, const Swap& swap,
                                         const Context& context);
  Result<SwapOutcome> finish(const Subject& subject, const Swap& swap, Begun begun);
  Result<std::vector<store::Record>> forgotten(const Hash& id, std::uint64_t latest);

  store::Engine& engine_;
  const std::uint64_t history_kept_;
  Clock& clock_;
};

}  // namespace dialog
