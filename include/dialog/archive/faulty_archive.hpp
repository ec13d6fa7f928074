#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/random.hpp"

namespace dialog {

/// How a call goes wrong on purpose. One that makes no sense for a kind of call (absent for a
/// flush, say) fails that call like `before`.
enum class ArchiveFault : std::uint8_t {
  before,       ///< an error, and nothing was done
  after,        ///< an error, although everything was done: the answer was lost
  partly,       ///< put: an error after a part of the blocks was stored
  absent,       ///< get, has: blocks that are there are said to be absent
  wrong_block,  ///< get: a block is answered with other bytes
  too_few,      ///< get, has: the answer is shorter than the question
};

/// How often each fault comes by itself, in calls of a thousand. `code` is that of the errors.
struct ArchiveFaultRates {
  std::uint32_t before = 0;
  std::uint32_t after = 0;
  std::uint32_t partly = 0;
  std::uint32_t absent = 0;
  std::uint32_t wrong_block = 0;
  std::uint32_t too_few = 0;
  ErrorCode code = ErrorCode::unavailable;
};

/// Makes calls of another archive go wrong, by plan and by a seed: for tests of whoever must cope.
/// The message of each error that it makes says that it was injected. Thread-safe where the other
/// archive is, which must outlive this object; the same calls in the same order meet the same
/// faults.
class FaultyArchive final : public Archive {
 public:
  FaultyArchive(Archive& inner, std::uint64_t seed, const ArchiveFaultRates& rates = {});

  /// The call `nth` from now on (1 is the next, of whatever kind) has this fault.
  void plan(std::uint64_t nth, ArchiveFault fault, ErrorCode code = ErrorCode::unavailable);
  /// Replaces the rates; plans stay.
  void set_rates(const ArchiveFaultRates& rates);

  /// How many calls came, and how many of them were made to go wrong.
  [[nodiscard]] std::uint64_t calls() const;
  [[nodiscard]] std::uint64_t faults() const;

  /// Whether an error comes from an object of this class.
  static bool is_injected(const Error& error);

 private:
  struct Planned {
    ArchiveFault fault;
    ErrorCode code;
    std::uint64_t seed;  // of what the fault itself draws
  };

  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  std::optional<Planned> next_fault();

  Archive& inner_;
  mutable std::mutex mutex_;
  SeededRandom random_;
  ArchiveFaultRates rates_;
  std::map<std::uint64_t, Planned> plan_;
  std::uint64_t calls_ = 0;
  std::uint64_t faults_ = 0;
};

}  // namespace dialog
