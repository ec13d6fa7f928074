#include "dialog/remote/revocations.hpp"

#include <algorithm>
#include <limits>

namespace dialog {
namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kRevocationBytes = Hash::kSize + kTimeBytes;

}  // namespace

Result<void> MemoryRevocationStore::add(const Subject& subject, const Revoke& revoke,
                                        const Context&) {
  const std::lock_guard lock(mutex_);
  auto& kept = revocations_[subject];
  DIALOG_ASSIGN(kept, with_revocation(kept, revoke));
  return {};
}

Result<std::vector<Revocation>> MemoryRevocationStore::list(const Subject& subject,
                                                            const Context&) {
  const std::lock_guard lock(mutex_);
  const auto found = revocations_.find(subject);
  return found == revocations_.end() ? std::vector<Revocation>() : found->second;
}

Result<std::vector<Revocation>> with_revocation(std::vector<Revocation> revocations,
                                                const Revoke& revoke) {
  const Revocation& added = revoke.revocation;
  std::erase_if(revocations, [&](const Revocation& kept) { return kept.expires <= revoke.now; });
  const auto at = std::lower_bound(
      revocations.begin(), revocations.end(), added,
      [](const Revocation& a, const Revocation& b) { return a.capability < b.capability; });
  if (at != revocations.end() && at->capability == added.capability) {
    at->expires = std::max(at->expires, added.expires);
    return revocations;
  }
  if (revocations.size() >= revoke.count_max) {
    return fail(ErrorCode::resource_exhausted,
                "this subject has " + std::to_string(revocations.size()) +
                    " revoked capabilities that have not expired; no more can be kept");
  }
  revocations.insert(at, added);
  return revocations;
}

Bytes print_revocations(const std::vector<Revocation>& revocations) {
  Bytes out;
  out.reserve(revocations.size() * kRevocationBytes);
  for (const Revocation& revocation : revocations) {
    out += revocation.capability.bytes();
    const auto time = static_cast<std::uint64_t>(revocation.expires.count());
    for (unsigned shift = 64; shift > 0; shift -= 8)
      out.push_back(static_cast<char>(time >> (shift - 8) & 0xffU));
  }
  return out;
}

Result<std::vector<Revocation>> parse_revocations(ByteView stored) {
  const auto corrupt = [] {
    return fail(ErrorCode::corrupt, "the record of a subject's revocations cannot be read");
  };
  if (stored.size() % kRevocationBytes != 0) return corrupt();
  std::vector<Revocation> revocations;
  revocations.reserve(stored.size() / kRevocationBytes);
  for (; !stored.empty(); stored.remove_prefix(kRevocationBytes)) {
    std::uint64_t time = 0;
    for (std::size_t i = 0; i < kTimeBytes; ++i)
      time = time << 8U | static_cast<std::uint8_t>(stored[Hash::kSize + i]);
    if (time > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return corrupt();
    revocations.push_back({*Hash::from_bytes(stored.substr(0, Hash::kSize)),
                           std::chrono::seconds(static_cast<std::int64_t>(time))});
  }
  return revocations;
}

}  // namespace dialog
