#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dialog/base/result.hpp"
#include "dialog/store/place.hpp"

namespace dialog::store {

/// What the processes that have one store open tell each other.
struct Published {
  Tip durable;
  std::uint64_t checkpoint = 0;  ///< the greatest sequence number that an index was brought up to
  friend bool operator==(const Published&, const Published&) = default;
};

/// The right to write, which one process has at a time, and what was published. The right ends with
/// the process, however that dies. Thread-safe, but for the lock: that is for one thread at a time.
class Coordinator {
 public:
  Coordinator() = default;
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;
  virtual ~Coordinator() = default;

  enum class Taken : std::uint8_t {
    no,             ///< another process has it
    clean,          ///< whoever had it before published all that it wrote
    after_failure,  ///< whoever had it before died, or gave it up by `abandon`
  };
  /// Never waits. `storage_failed`.
  [[nodiscard]] virtual Result<Taken> try_lock() = 0;
  /// All that was written is published. Also gives up a place among those who wait.
  virtual void unlock() = 0;
  /// Something may have been written that was not published.
  virtual void abandon() = 0;
  /// Whether another process waits for the right that this one has.
  [[nodiscard]] virtual bool is_awaited() = 0;
  /// Who has the right, or is the next to have it, for messages, such as "process 4711"; empty
  /// where nobody can be told.
  [[nodiscard]] virtual std::string holder() = 0;

  /// Absent where nothing was published since the system was started. Cheap.
  [[nodiscard]] virtual std::optional<Published> published() = 0;
  /// Seen by all processes at once; gone with the next power cut. Only for whoever has the right.
  virtual void publish(const Tip& durable) = 0;
  /// The same for the index; an earlier number than the present one changes nothing. For anybody,
  /// once something was published.
  virtual void publish_checkpoint(std::uint64_t sequence) = 0;
};

}  // namespace dialog::store
