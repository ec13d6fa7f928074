#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dialog/archive/archive.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/register.hpp"
#include "dialog/remote/revocations.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

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

  /// How many subjects have an archive here.
  [[nodiscard]] std::size_t subject_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dialog
