#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/head.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// The state behind a register, as its host sees it: a server, or a provider in the same process.
/// Linearizable per subject. Thread-safe. Never looks into an archive: any revision is accepted.
class Register {
 public:
  Register() = default;
  Register(const Register&) = delete;
  Register& operator=(const Register&) = delete;
  virtual ~Register() = default;

  /// The latest accepted swap; absent where nothing was ever published. Shows only what is durable.
  /// `storage_failed`; over a network also `unavailable`, `unauthorized`, `timeout`, `cancelled`.
  [[nodiscard]] virtual Result<std::optional<HeadRecord>> read(const Subject& subject,
                                                               const Context& context) = 0;

  struct Swap {
    Revision expected;
    Revision desired;
    WallTime time{0};
    std::string author;
    bool must_create = false;  ///< succeed only where nothing was ever published
  };

  struct Accepted {
    HeadRecord record;
  };
  /// Not an error: somebody else was first. Absent: nothing was ever published, and `expected` is
  /// not zeros.
  struct Refused {
    std::optional<HeadRecord> actual;
  };
  using SwapOutcome = std::variant<Accepted, Refused>;

  /// Compare-and-swap. Accepted where the record's revision is `expected`, or there is no record
  /// and `expected` is zeros. `Accepted` is durable at return. `storage_failed`, `storage_full`,
  /// `timeout`, `cancelled`: nothing happened. A write to a disk that has begun is waited for,
  /// whatever the context says. Over a network also `unavailable`, `unauthorized`: nothing
  /// happened; and `indeterminate`: it may have happened, or may yet.
  [[nodiscard]] virtual Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                                                 const Context& context) = 0;

  /// One of several swaps; what it names outlives the call.
  struct Asked {
    const Subject& subject;
    const Swap& swap;
  };
  /// Several swaps, of any subjects, as if they came one after the other in this order; an outcome
  /// for each. A register on a disk waits for it once, for all of them. As it stands here each
  /// waits for itself.
  [[nodiscard]] virtual std::vector<Result<SwapOutcome>> swap_all(std::span<const Asked> swaps,
                                                                  const Context& context);

  /// Accepted swaps with a sequence number greater than `after`, oldest first, at most `limit`.
  [[nodiscard]] virtual Result<HeadHistory> history(const Subject& subject, std::uint64_t after,
                                                    std::size_t limit, const Context& context) = 0;
};

}  // namespace dialog
