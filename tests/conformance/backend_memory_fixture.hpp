#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "backend_fixture.hpp"
#include "dialog/remote/memory_backend.hpp"

namespace dialog::test {

/// A register whose swaps can be lost on the way there or back. As thread-safe as what it wraps.
class LosingRegister final : public Register {
 public:
  explicit LosingRegister(std::shared_ptr<Register> inner) : inner_(std::move(inner)) {}

  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override {
    ++calls;
    return inner_->read(subject, context);
  }
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override {
    ++calls;
    if (lose_request.exchange(false)) return lost();
    auto outcome = inner_->swap(subject, swap, context);
    if (outcome && lose_answer.exchange(false)) return lost();
    return outcome;
  }
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override {
    ++calls;
    return inner_->history(subject, after, limit, context);
  }

  std::atomic<std::uint64_t> calls = 0;
  std::atomic<bool> lose_request = false;
  std::atomic<bool> lose_answer = false;

 private:
  static tl::unexpected<Error> lost() {
    return fail(ErrorCode::indeterminate, "injected: the answer is lost");
  }
  std::shared_ptr<Register> inner_;
};

class MemoryBackendFixture final : public BackendFixture {
 public:
  std::unique_ptr<RevisionBackend> connect() override {
    return std::make_unique<MemoryBackend>(register_, clock_);
  }
  Clock& clock() override { return clock_; }
  std::uint64_t calls() override { return register_->calls; }
  void lose_next_answer() override { register_->lose_answer = true; }
  void lose_next_request() override { register_->lose_request = true; }
  bool has_history() override { return true; }

 private:
  ManualClock clock_;
  std::shared_ptr<LosingRegister> register_ =
      std::make_shared<LosingRegister>(std::make_shared<MemoryRegister>(clock_));
};

}  // namespace dialog::test
