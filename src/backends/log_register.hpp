#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dialog/remote/server_store.hpp"
#include "dialog/store/engine.hpp"
#include "log_history.hpp"

namespace dialog {

/// Heads and their history in a log. Swaps of all subjects that wait at the same time share one
/// sync. The engine outlives it.
class LogRegister final : public Register {
 public:
  LogRegister(store::Engine& engine, std::uint64_t history_kept, Clock& clock)
      : engine_(engine), history_kept_(std::max<std::uint64_t>(1, history_kept)), clock_(clock) {}

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
  /// Calls `visit` with the value of each record of a kind and what it is called.
  template <class Visit>
  Result<void> each_of(char kind, Visit visit);
  /// What a swap came to, and the entry of the log that must be durable before anybody is told.
  struct Begun {
    std::uint64_t number = 0;
    SwapOutcome outcome;
  };
  Result<Begun> begin(const Subject& subject, const Swap& swap, const Context& context);
  Result<std::optional<Begun>> try_begin(const Subject& subject, const Swap& swap,
                                         const Context& context);
  Result<SwapOutcome> finish(const Subject& subject, const Swap& swap, Begun begun);
  /// A change whose keys and values are its own.
  struct Change {
    Bytes key;
    std::optional<Bytes> expected;
    std::optional<Bytes> desired;
  };
  Result<std::optional<std::uint64_t>> submit(const std::vector<Change>& changes,
                                              const Context& context);
  Result<std::vector<Change>> add_swap(const Subject& subject, SubjectHead& head,
                                       const HeadRecord& record);
  Result<void> make_page(const Subject& subject, SubjectHead& head, std::vector<Change>& changes);
  struct Page {
    Bytes stored;
    std::vector<HeadRecord> swaps;
    std::uint64_t last = 0;
  };
  /// The page that begins with this swap.
  Result<std::optional<Page>> page_at(const Subject& subject, std::uint64_t first,
                                      store::View view);
  Result<std::uint64_t> oldest_page(const Hash& id, std::uint64_t otherwise, store::View view);
  Result<std::optional<HeadHistory>> try_history(const Subject& subject, std::uint64_t after,
                                                 std::size_t limit);

  store::Engine& engine_;
  const std::uint64_t history_kept_;
  Clock& clock_;
};

}  // namespace dialog
