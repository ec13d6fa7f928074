#pragma once

#include <cstdint>
#include <memory>

#include "dialog/remote/register.hpp"
#include "lmdb_environment.hpp"

namespace dialog::lmdb {

/// Heads and their history, by the ids of their subjects.
class HeadRegister final : public Register {
 public:
  HeadRegister(std::shared_ptr<Environment> environment, std::uint64_t history_kept, Clock& clock)
      : environment_(std::move(environment)), history_kept_(history_kept), clock_(clock) {}

  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override;
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override;
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override;

  /// Checks every record of `subjects` or of `history`, and counts them.
  Result<std::uint64_t> check(Table table);

 private:
  class SwapJob;
  const std::shared_ptr<Environment> environment_;
  const std::uint64_t history_kept_;
  Clock& clock_;
};

}  // namespace dialog::lmdb
