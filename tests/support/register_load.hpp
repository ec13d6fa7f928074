#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/base/check.hpp"
#include "dialog/base/random.hpp"
#include "dialog/remote/register.hpp"
#include "dialog/remote/revision_backend.hpp"
#include "support/linearizability.hpp"

namespace dialog::test {

/// The revision that stands for a number of a history; zeros for 0.
inline Revision revision_of(std::uint64_t number) {
  std::array<char, Hash::kSize> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<char>(number >> (8 * i) & 0xffU);
  }
  return Revision(*Hash::from_bytes({bytes.data(), bytes.size()}));
}

/// A number that nobody writes, where the revision stands for none.
inline std::uint64_t number_of(const Revision& revision) {
  std::uint64_t number = 0;
  for (const char byte : revision.root().bytes().substr(Hash::kSize - 8)) {
    number = number << 8U | static_cast<std::uint8_t>(byte);
  }
  return revision_of(number) == revision ? number : std::numeric_limits<std::uint64_t>::max();
}

/// What one client of a load talks to; used by one thread.
class LoadTarget {
 public:
  struct SwapAnswer {
    RegisterOperation::Outcome outcome = RegisterOperation::Outcome::open;
    std::uint64_t seen = 0;
  };

  LoadTarget() = default;
  LoadTarget(const LoadTarget&) = delete;
  LoadTarget& operator=(const LoadTarget&) = delete;
  virtual ~LoadTarget() = default;
  /// Absent where there was no answer.
  virtual std::optional<std::uint64_t> read(const Subject& subject) = 0;
  virtual SwapAnswer swap(const Subject& subject, std::uint64_t expected,
                          std::uint64_t desired) = 0;
};

/// A `Register`, with a new context for each call.
class RegisterTarget final : public LoadTarget {
 public:
  explicit RegisterTarget(std::shared_ptr<Register> heads, std::function<Context()> context = {})
      : heads_(std::move(heads)), context_(std::move(context)) {}

  std::optional<std::uint64_t> read(const Subject& subject) override {
    const auto head = heads_->read(subject, context());
    if (!head) return std::nullopt;
    return *head ? number_of((*head)->revision) : 0;
  }
  SwapAnswer swap(const Subject& subject, std::uint64_t expected, std::uint64_t desired) override {
    using Outcome = RegisterOperation::Outcome;
    const Register::Swap wanted{revision_of(expected), revision_of(desired), {}, "load", false};
    const auto outcome = heads_->swap(subject, wanted, context());
    if (!outcome) {
      return {outcome.error().code == ErrorCode::indeterminate ? Outcome::open : Outcome::nothing};
    }
    if (std::holds_alternative<Register::Accepted>(*outcome)) return {Outcome::accepted};
    const auto& actual = std::get<Register::Refused>(*outcome).actual;
    return {Outcome::refused, actual ? number_of(actual->revision) : 0};
  }

 private:
  [[nodiscard]] Context context() const { return context_ ? context_() : Context{}; }
  std::shared_ptr<Register> heads_;
  std::function<Context()> context_;
};

/// A `RevisionBackend`.
class BackendTarget final : public LoadTarget {
 public:
  explicit BackendTarget(std::unique_ptr<RevisionBackend> backend) : backend_(std::move(backend)) {}

  std::optional<std::uint64_t> read(const Subject& subject) override {
    const auto revision = backend_->fetch(subject);
    if (revision) return number_of(*revision);
    return revision.error().as<NotFound>() ? std::optional<std::uint64_t>(0) : std::nullopt;
  }
  SwapAnswer swap(const Subject& subject, std::uint64_t expected, std::uint64_t desired) override {
    using Outcome = RegisterOperation::Outcome;
    const auto swapped = backend_->swap(subject, revision_of(expected), revision_of(desired));
    if (swapped) return {Outcome::accepted};
    const RevisionBackendError& error = swapped.error();
    if (error.as<NotFound>()) return {Outcome::refused, 0};
    if (const auto* const mismatch = error.as<RevisionMismatch>()) {
      return {Outcome::refused, number_of(mismatch->actual)};
    }
    const auto* const failed = error.as<PublishFailed>();
    return {failed != nullptr && failed->indeterminate ? Outcome::open : Outcome::nothing};
  }

 private:
  std::unique_ptr<RevisionBackend> backend_;
};

struct LoadOptions {
  std::size_t threads = 8;
  std::vector<Subject> subjects;
  std::uint64_t seed = 1;
  std::uint64_t reads_of_ten = 4;
  /// So many of the clients, the first ones, only read: a swap without an answer does not keep them
  /// from seeing what is old.
  std::size_t readers = 0;
  /// Each client ends by itself after so many operations.
  std::uint64_t operations_each = std::numeric_limits<std::uint64_t>::max();
};

/// Clients that read and swap registers, all at once, and remember what they saw.
class RegisterLoad {
 public:
  using Connect = std::function<std::unique_ptr<LoadTarget>(std::size_t client)>;

  /// The clients begin at once.
  RegisterLoad(LoadOptions options, Connect connect)
      : options_(std::move(options)), connect_(std::move(connect)), records_(options_.threads) {
    DIALOG_CHECK(!options_.subjects.empty(), "a load without subjects");
    for (std::size_t i = 0; i < options_.threads; ++i) {
      records_[i].resize(options_.subjects.size());
      clients_.emplace_back([this, i] { run(i); });
    }
  }
  RegisterLoad(const RegisterLoad&) = delete;
  RegisterLoad& operator=(const RegisterLoad&) = delete;
  ~RegisterLoad() { stop(); }

  [[nodiscard]] std::uint64_t accepted() const { return counts_[1]; }
  [[nodiscard]] std::uint64_t open() const { return counts_[3]; }
  [[nodiscard]] std::uint64_t operations() const {
    std::uint64_t sum = 0;
    for (const auto& count : counts_) sum += count;
    return sum;
  }

  /// Waits for so many further accepted swaps; false where they do not come within a minute.
  bool wait_for_accepted(std::uint64_t more) {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = accepted() + more;
    return progress_.wait_for(lock, std::chrono::minutes(1), [&] { return accepted() >= wanted; });
  }

  /// Waits until every client has ended its operation, or all of them.
  void stop() {
    stopping_ = true;
    finish();
  }
  void finish() { clients_.clear(); }

  /// Absent where every subject's history is linearizable. After `stop` or `finish`.
  [[nodiscard]] std::optional<std::string> violation() const {
    for (std::size_t subject = 0; subject < options_.subjects.size(); ++subject) {
      auto found = find_linearizability_violation(history(subject));
      if (found) return options_.subjects[subject].did() + ": " + *found;
    }
    return std::nullopt;
  }

  /// Of all clients. After `stop` or `finish`.
  [[nodiscard]] std::vector<RegisterOperation> history(std::size_t subject) const {
    std::vector<RegisterOperation> history;
    for (const auto& client : records_) {
      history.insert(history.end(), client[subject].begin(), client[subject].end());
    }
    return history;
  }

 private:
  void run(std::size_t client) {
    const auto target = connect_(client);
    SeededRandom random(options_.seed * 1000 + client);
    // What each register held when last seen; absent where anything may be there.
    std::vector<std::optional<std::uint64_t>> known(options_.subjects.size());
    std::uint64_t written = (client + 1) << 40U;
    for (std::uint64_t i = 0; i < options_.operations_each && !stopping_; ++i) {
      const std::size_t at = static_cast<std::size_t>(random.below(options_.subjects.size()));
      auto& held = known[at];
      const bool reads =
          client < options_.readers || !held || random.chance(options_.reads_of_ten, 10);
      const auto done = reads ? read(*target, at) : swap(*target, at, *held, ++written);
      if (!done) {
        held = std::nullopt;
        continue;
      }
      held = held_after(*done);
      records_[client][at].push_back(*done);
      note(done->outcome);
    }
  }

  std::optional<RegisterOperation> read(LoadTarget& target, std::size_t at) {
    RegisterOperation operation;
    operation.began = ++ticks_;
    const auto seen = target.read(options_.subjects[at]);
    operation.ended = ++ticks_;
    if (!seen) return std::nullopt;
    operation.seen = *seen;
    return operation;
  }

  RegisterOperation swap(LoadTarget& target, std::size_t at, std::uint64_t expected,
                         std::uint64_t desired) {
    RegisterOperation operation;
    operation.expected = expected;
    operation.desired = desired;
    operation.began = ++ticks_;
    const auto answer = target.swap(options_.subjects[at], expected, desired);
    operation.ended = ++ticks_;
    operation.outcome = answer.outcome;
    operation.seen = answer.seen;
    return operation;
  }

  static std::optional<std::uint64_t> held_after(const RegisterOperation& operation) {
    switch (operation.outcome) {
      case RegisterOperation::Outcome::read:
      case RegisterOperation::Outcome::refused:
        return operation.seen;
      case RegisterOperation::Outcome::accepted:
        return operation.desired;
      default:
        return std::nullopt;
    }
  }

  void note(RegisterOperation::Outcome outcome) {
    {
      const std::lock_guard lock(mutex_);
      ++counts_[static_cast<std::size_t>(outcome)];
    }
    progress_.notify_all();
  }

  LoadOptions options_;
  Connect connect_;
  std::vector<std::vector<std::vector<RegisterOperation>>> records_;  // by client and subject
  std::array<std::atomic<std::uint64_t>, 5> counts_{};                // by outcome
  std::atomic<std::uint64_t> ticks_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable progress_;
  std::vector<std::jthread> clients_;
};

}  // namespace dialog::test
