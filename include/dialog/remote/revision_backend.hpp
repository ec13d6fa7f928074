#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dialog/base/context.hpp"
#include "dialog/remote/backend_error.hpp"
#include "dialog/remote/head.hpp"

namespace dialog {

/// A connection to a register: one canonical revision per subject, changed only by
/// compare-and-swap. Thread-safe. Cheap to clone: clones share the connection, and each has a cache
/// of its own.
///
/// To add a backend, implement the private virtuals; each says what it must do.
class RevisionBackend {
 public:
  RevisionBackend() = default;
  virtual ~RevisionBackend() = default;

  /// The revision that this object last saw, by a fetch, an accepted swap or a mismatch. Absent
  /// where it saw none, or `NotFound` last. Never does I/O.
  [[nodiscard]] RemoteResult<std::optional<Revision>> revision(const Subject& subject) const {
    return do_revision(subject);
  }

  /// The revision that the register holds now. `NotFound` where nothing was ever published,
  /// `Unauthorized`, `FetchFailed`, `ProviderError`. Safe to repeat. One round trip.
  [[nodiscard]] RemoteResult<Revision> fetch(const Subject& subject, const Context& context = {}) {
    return do_fetch(subject, context).map([](const Head& head) { return head.revision; });
  }

  /// The same, with the sequence number where the register tells it.
  [[nodiscard]] RemoteResult<Head> fetch_head(const Subject& subject, const Context& context = {}) {
    return do_fetch(subject, context);
  }

  /// Replaces `expected` by `desired`, atomically per subject. Where nothing was ever published and
  /// `expected` is zeros, creates the record. On success the register holds `desired`, durably and
  /// visibly to every later call; it succeeds, too, where the register holds `desired` already: an
  /// earlier attempt may have lost its answer. `RevisionMismatch` carries the revision seen;
  /// `NotFound` where nothing was published and `expected` is not zeros; `Unauthorized`;
  /// `PublishFailed`, `ProviderError`. After a `PublishFailed` that is marked indeterminate the
  /// write may have happened: fetch before repeating it. One round trip.
  [[nodiscard]] RemoteResult<void> swap(const Subject& subject, const Revision& expected,
                                        const Revision& desired, const Context& context = {}) {
    return do_swap(subject, expected, desired, context).map([](const Head&) {});
  }

  /// The same; gives the new head, with its sequence number where the register tells it.
  [[nodiscard]] RemoteResult<Head> swap_head(const Subject& subject, const Revision& expected,
                                             const Revision& desired, const Context& context = {}) {
    return do_swap(subject, expected, desired, context);
  }

  /// The swaps that were accepted after sequence number `after`, oldest first. Absent where this
  /// register keeps no history that can be asked. Safe to repeat. A round trip per page.
  [[nodiscard]] RemoteResult<std::optional<HeadHistory>> history(const Subject& subject,
                                                                 std::uint64_t after,
                                                                 const Context& context = {}) {
    return do_history(subject, after, context);
  }

  /// Another backend over the same connection. Its cache starts as a copy of this one's.
  [[nodiscard]] std::unique_ptr<RevisionBackend> clone() const { return do_clone(); }

 protected:
  RevisionBackend(const RevisionBackend&) = default;
  RevisionBackend& operator=(const RevisionBackend&) = default;

 private:
  virtual RemoteResult<std::optional<Revision>> do_revision(const Subject& subject) const = 0;
  virtual RemoteResult<Head> do_fetch(const Subject& subject, const Context& context) = 0;
  virtual RemoteResult<Head> do_swap(const Subject& subject, const Revision& expected,
                                     const Revision& desired, const Context& context) = 0;
  virtual RemoteResult<std::optional<HeadHistory>> do_history(const Subject& subject,
                                                              std::uint64_t after,
                                                              const Context& context) = 0;
  virtual std::unique_ptr<RevisionBackend> do_clone() const = 0;
};

}  // namespace dialog
