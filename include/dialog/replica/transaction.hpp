#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/tree/cursor.hpp"

namespace dialog {

class Repository;

/// Changes of one branch that become visible all at once, or not at all. Reads come from the
/// revision at which it began, with its own changes applied. Holds at most about `buffer_bytes_max`
/// of edits in memory: what is beyond is written to the archive as blocks that nothing refers to
/// until the commit, so that an import of any size stays atomic. Dropped without a commit, it
/// changed nothing. Not thread-safe; any number may run at a time. Must not outlive its repository.
class Transaction final {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  /// The revision at which it began.
  [[nodiscard]] const Revision& base() const;

  /// Absent where there is no such key, its own changes counted.
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key, const Context& context = {});

  /// Visits a range in order, its own changes counted. Writes the buffered edits to the archive
  /// first.
  [[nodiscard]] Result<void> scan(const ScanRange& range, const EntryVisitor& visit,
                                  const Context& context = {});

  /// `too_large` above `kKeyBytesMax` or `kValueBytesMax`: then nothing was changed, and the
  /// transaction goes on.
  [[nodiscard]] Result<void> put(ByteView key, ByteView value, const Context& context = {});

  /// Whether or not there is such a key.
  [[nodiscard]] Result<void> erase(ByteView key, const Context& context = {});

  /// Moves the branch to the changed tree, by compare-and-swap, and returns the new revision; it is
  /// then durable. Where nothing was changed, does nothing and returns the base. `conflict`: the
  /// branch has moved since; begin anew
  /// (`Repository::transact` does). `busy`: garbage is being collected; the same commit may be
  /// tried again. After `conflict` and every other error the branch is unchanged by this
  /// transaction. Only once after success.
  [[nodiscard]] Result<Revision> commit(const ChangeNote& note = {"commit", {}},
                                        const Context& context = {});

 private:
  friend class Repository;
  struct State;
  explicit Transaction(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
