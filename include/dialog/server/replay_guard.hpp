#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "dialog/base/random.hpp"
#include "dialog/base/result.hpp"

namespace dialog::server {

/// Lets every signed request pass once. Thread-safe. Where servers share a store and a public URL,
/// but each has one of its own, a request passes once at each of them.
class ReplayGuard {
 public:
  ReplayGuard() = default;
  ReplayGuard(const ReplayGuard&) = delete;
  ReplayGuard& operator=(const ReplayGuard&) = delete;
  virtual ~ReplayGuard() = default;

  enum class Outcome {
    fresh,  ///< never seen; remembered from now on, until it expires
    seen,   ///< or it can't be told any more
    full,   ///< not seen, and not remembered either: there is no room until others expire
  };
  /// Judges a request by who signed it and by its nonce. Times are seconds since the Unix epoch.
  /// Errors where the memory of this object is out of reach: the request must then be refused.
  [[nodiscard]] virtual Result<Outcome> remember(std::string_view signer, std::string_view nonce,
                                                 std::chrono::seconds expires,
                                                 std::chrono::seconds now) = 0;

  /// What this object knows nothing of: signatures that a server accepted before this moment.
  [[nodiscard]] virtual std::chrono::seconds since() const = 0;
  /// A nonce that begins like this was made after `since`, whatever the clock of its maker says. 1
  /// to 64 letters, digits, hyphens or underscores.
  [[nodiscard]] virtual const std::string& challenge() const = 0;
};

/// Remembers as long as it lives, at most about 64 bytes for each of `count_max` requests.
class MemoryReplayGuard final : public ReplayGuard {
 public:
  /// `start` is now. `random` makes the challenge, and what keeps clients from choosing nonces that
  /// are slow to find.
  MemoryReplayGuard(std::chrono::seconds start, std::size_t count_max,
                    RandomSource& random = system_random());

  Result<Outcome> remember(std::string_view signer, std::string_view nonce,
                           std::chrono::seconds expires, std::chrono::seconds now) override;
  [[nodiscard]] std::chrono::seconds since() const override { return start_; }
  [[nodiscard]] const std::string& challenge() const override { return challenge_; }

 private:
  using Name = std::array<std::uint8_t, 16>;
  struct NameHash {
    std::size_t operator()(const Name& name) const noexcept;
  };
  [[nodiscard]] Name name_of(std::string_view signer, std::string_view nonce) const;

  const std::chrono::seconds start_;
  const std::size_t count_max_;
  std::string salt_;
  std::string challenge_;
  std::mutex mutex_;
  // By the second in which they expire: a request that is sent again expires in the same one.
  std::map<std::chrono::seconds, std::unordered_set<Name, NameHash>> names_;
  std::size_t count_ = 0;
  std::chrono::seconds forgotten_until_{0};
};

}  // namespace dialog::server
