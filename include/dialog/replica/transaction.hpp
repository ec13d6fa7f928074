#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/snapshot.hpp"
#include "dialog/tree/cursor.hpp"

namespace dialog {

class Repository;

/// A commit whose encoded edits have more bytes builds its revision at once.
inline constexpr std::size_t kSmallCommitBytesMax = std::size_t{1024} * 1024;

/// Changes of one branch that become visible all at once, or not at all. Reads come from the state
/// at which it began, with its own changes applied. Holds at most about `transaction_bytes_max` of
/// edits in memory: what is beyond is written to the archive as blocks that nothing refers to until
/// the commit, so that an import of any size stays atomic. Dropped without a commit, it changed
/// nothing. Not thread-safe; any number may run at a time. Must not outlive its repository.
class Transaction final {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  /// The state at which it began.
  [[nodiscard]] const Snapshot& base() const;

  /// Absent where there is no such key, its own changes counted.
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key, const Context& context = {});

  /// Visits a range in order, its own changes before the call counted; what the visitor changes
  /// does not show. Writes the buffered edits to the archive first where they exceed
  /// `kSmallCommitBytesMax`.
  [[nodiscard]] Result<void> scan(const ScanRange& range, const SnapshotVisitor& visit,
                                  const Context& context = {});

  /// `too_large` above `kKeyBytesMax` or `kValueBytesMax`: then nothing was changed, and the
  /// transaction goes on.
  [[nodiscard]] Result<void> put(ByteView key, ByteView value, const Context& context = {});

  /// Whether or not there is such a key.
  [[nodiscard]] Result<void> erase(ByteView key, const Context& context = {});

  /// Moves the branch, by compare-and-swap, and returns its new version; it is then durable.
  /// `Repository::resolve` builds its revision. Where nothing was put or erased, does nothing and
  /// returns the version of the base. Above `kSmallCommitBytesMax`, and after edits had to be
  /// written to the archive, the revision is built at once, and where it is that of the base, the
  /// branch stays, too. `conflict`: the branch has moved since; begin anew (`Repository::transact`
  /// does). `busy`: garbage is being collected, and the revision has to be built; the same commit
  /// may be tried again. After `conflict` and every other error but those of the store the branch
  /// is unchanged by this transaction; whether it moved where a store failed, its version tells.
  /// Only once after success.
  [[nodiscard]] Result<std::uint64_t> commit(const ChangeNote& note = {"commit", {}},
                                             const Context& context = {});

 private:
  friend class Repository;
  struct State;
  explicit Transaction(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
