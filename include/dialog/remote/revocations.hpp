#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// A capability that does not count any more, nor does any that stands on it.
struct Revocation {
  Hash capability;                  ///< `Capability::id` of the link
  std::chrono::seconds expires{0};  ///< since the Unix epoch; to be forgotten from then on
  friend bool operator==(const Revocation&, const Revocation&) = default;
};

/// Of one subject.
inline constexpr std::size_t kRevocationsMax = 1024;

/// What is asked of a store.
struct Revoke {
  Revocation revocation;
  std::chrono::seconds now{0};              ///< what expires until then is forgotten
  std::size_t count_max = kRevocationsMax;  ///< the subject may have so many, with this one
};

/// What subjects have revoked. Thread-safe; may be shared by several processes or machines.
class RevocationStore {
 public:
  RevocationStore() = default;
  RevocationStore(const RevocationStore&) = delete;
  RevocationStore& operator=(const RevocationStore&) = delete;
  virtual ~RevocationStore() = default;

  /// Durable at return, and visible to every later `list`. One that is there already is kept until
  /// the later one of both times. `resource_exhausted` where the subject has too many others:
  /// nothing is forgotten early. `storage_failed`, `storage_full`, `timeout`, `cancelled`.
  [[nodiscard]] virtual Result<void> add(const Subject& subject, const Revoke& revoke,
                                         const Context& context) = 0;

  /// In the order of the hashes; maybe with some that have expired. Shows only what is durable.
  [[nodiscard]] virtual Result<std::vector<Revocation>> list(const Subject& subject,
                                                             const Context& context) = 0;
};

/// Gone with this object.
class MemoryRevocationStore final : public RevocationStore {
 public:
  Result<void> add(const Subject& subject, const Revoke& revoke, const Context& context) override;
  Result<std::vector<Revocation>> list(const Subject& subject, const Context& context) override;

 private:
  std::mutex mutex_;
  std::unordered_map<Subject, std::vector<Revocation>> revocations_;
};

/// For implementations: what `RevocationStore::add` makes of a subject's revocations.
Result<std::vector<Revocation>> with_revocation(std::vector<Revocation> revocations,
                                                const Revoke& revoke);

/// A subject's revocations as stores keep them: for each the 32 bytes of its hash and the 8 of its
/// time, the highest first.
Bytes print_revocations(const std::vector<Revocation>& revocations);
/// `corrupt`.
Result<std::vector<Revocation>> parse_revocations(ByteView stored);

}  // namespace dialog
