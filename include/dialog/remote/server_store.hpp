#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/register.hpp"
#include "dialog/remote/revocations.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// What the blocks of one subject take: each of them once.
struct Usage {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  ///< as the store keeps them: compressed where it compresses
  friend bool operator==(const Usage&, const Usage&) = default;
};

/// How much the blocks of one subject may take. Absent: any number.
struct Quota {
  std::optional<std::uint64_t> blocks;
  std::optional<std::uint64_t> bytes;
  friend bool operator==(const Quota&, const Quota&) = default;
};

/// For implementations of `ServerStore`: `quota_exceeded` where `more` does not fit beside what is
/// used. What adds nothing always fits.
Result<void> check_quota(const Quota& quota, const Usage& used, const Usage& more);

/// Everything that a server keeps: one register for all subjects, and one archive for each.
/// Thread-safe.
class ServerStore {
 public:
  ServerStore() = default;
  ServerStore(const ServerStore&) = delete;
  ServerStore& operator=(const ServerStore&) = delete;
  virtual ~ServerStore() = default;

  /// Lives as long as this object.
  [[nodiscard]] virtual Register& head_register() = 0;

  /// The blocks of one subject; never null. Cheap, does no I/O, and leaves no trace of a subject
  /// that nothing is put into: anybody may ask for any subject. Every object for one subject shows
  /// the same blocks. May be kept, but not longer than this store.
  [[nodiscard]] virtual std::shared_ptr<Archive> archive_for(const Subject& subject) = 0;

  /// Removes head, history, blocks and quota of a subject; returns whether there was anything. At
  /// return that is durable, and nothing of it shows any more, whatever crashes later. All of it
  /// goes at one moment: a swap or a put at the same time happened before it, and is gone with it,
  /// or after it, and is the first of a new subject. The room may come back later.
  ///
  /// A store over several services may be unable to do this at one moment: then the head goes
  /// first, and what is left of the blocks goes with the next call. Or it may not do it at all:
  /// `unsupported`.
  [[nodiscard]] virtual Result<bool> remove(const Subject& subject, const Context& context) = 0;

  /// What the blocks of a subject take; zeros for one that nothing was put into. Counts all that
  /// was flushed, and maybe what was put and not flushed yet. `unsupported` where a store cannot
  /// tell.
  [[nodiscard]] virtual Result<Usage> usage(const Subject& subject, const Context& context) = 0;

  /// A subject as a list shows it.
  struct Entry {
    Hash id;          ///< `Subject::id`
    std::string did;  ///< empty where it is not on record: blocks alone, from an earlier version
    std::optional<HeadRecord> head;
    Usage usage;
    std::optional<Quota> quota;  ///< its own, where it has one
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Page {
    std::vector<Entry> entries;
    bool complete = true;  ///< false: there may be more behind the last entry
  };
  /// The subjects that have a head, a block or a quota of their own, in the order of their ids, at
  /// most `limit` (at least 1), those behind `after` where that is given. What changes while a list
  /// is read page by page may show or not; all else shows once. `unsupported` where a store cannot
  /// tell.
  [[nodiscard]] virtual Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                                          const Context& context) = 0;

  /// For subjects without a quota of their own, from now on. Not durable. `unsupported` where a
  /// store has no quotas, unless it is no bound at all.
  virtual Result<void> set_default_quota(const Quota& quota) = 0;
  /// Gives a subject a quota of its own, durably, or, absent, the default again. Puts that would
  /// take more fail with `quota_exceeded`, whole; what is there stays, though it be more. Never
  /// exceeded where one process has the store open. `unsupported` where a store has no quotas.
  [[nodiscard]] virtual Result<void> set_quota(const Subject& subject,
                                               const std::optional<Quota>& quota,
                                               const Context& context) = 0;
  /// The one that counts for a subject: its own or the default.
  [[nodiscard]] virtual Result<Quota> quota(const Subject& subject, const Context& context) = 0;

  /// Where what subjects revoke is kept; it lives as long as this object. Null where a store keeps
  /// none: its server then takes no capabilities at all, since none could be revoked.
  [[nodiscard]] virtual RevocationStore* revocations() { return nullptr; }

  /// Fails from the moment on from which every write fails until the store is opened again, such as
  /// after a sync whose outcome is unknown; reads may go on. A full disk is no such failure. Does
  /// no I/O.
  [[nodiscard]] virtual Result<void> check_writable() const = 0;

  /// Whether reads answer from this machine, without waiting for a writer or for a network, and
  /// `Register::swap_all` waits once for all its swaps. Then a server reads on the threads that
  /// serve its connections, and gathers what is written meanwhile.
  [[nodiscard]] virtual bool answers_at_once() const { return false; }

  /// What a store on a disk found when it read all of itself.
  struct Checked {
    std::uint64_t subjects = 0;  ///< that have a head
    std::uint64_t swaps = 0;     ///< in the histories
    std::uint64_t blocks = 0;    ///< of all subjects
    std::uint64_t bytes = 0;     ///< of these blocks
  };
};

/// A server's state in memory, gone with this object.
class MemoryServerStore final : public ServerStore {
 public:
  MemoryServerStore();
  ~MemoryServerStore() override;
  Register& head_register() override;
  std::shared_ptr<Archive> archive_for(const Subject& subject) override;
  RevocationStore* revocations() override;
  [[nodiscard]] Result<void> check_writable() const override { return {}; }
  [[nodiscard]] bool answers_at_once() const override { return true; }
  Result<bool> remove(const Subject& subject, const Context& context) override;
  Result<Usage> usage(const Subject& subject, const Context& context) override;
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override;
  Result<void> set_default_quota(const Quota& quota) override;
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context) override;
  Result<Quota> quota(const Subject& subject, const Context& context) override;

 private:
  struct State;
  class SubjectArchive;
  std::unique_ptr<State> state_;
};

}  // namespace dialog
