#include "dialog/server/replay_guard.hpp"

#include <algorithm>
#include <cstring>

#include "dialog/base/bytes.hpp"
#include "dialog/base/hash.hpp"

namespace dialog::server {
namespace {

std::string random_bytes(RandomSource& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

MemoryReplayGuard::MemoryReplayGuard(std::chrono::seconds start, std::size_t count_max,
                                     RandomSource& random)
    : start_(start),
      count_max_(count_max),
      salt_(random_bytes(random)),
      challenge_(to_hex(random_bytes(random))) {}

MemoryReplayGuard::Name MemoryReplayGuard::name_of(std::string_view signer,
                                                   std::string_view nonce) const {
  // A DID holds no NUL, so that no two pairs give one text.
  std::string text = salt_;
  text.append(signer).append(1, '\0').append(nonce);
  const Hash hash = Hash::of(text);
  Name name{};
  std::memcpy(name.data(), hash.bytes().data(), name.size());
  return name;
}

std::size_t MemoryReplayGuard::NameHash::operator()(const Name& name) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, name.data(), sizeof value);
  return value;
}

Result<ReplayGuard::Outcome> MemoryReplayGuard::remember(std::string_view signer,
                                                         std::string_view nonce,
                                                         std::chrono::seconds expires,
                                                         std::chrono::seconds now) {
  const Name name = name_of(signer, nonce);
  const std::lock_guard lock(mutex_);
  while (!names_.empty() && names_.begin()->first <= now) {
    count_ -= names_.begin()->second.size();
    forgotten_until_ = names_.begin()->first;
    names_.erase(names_.begin());
  }
  // The clock went back: what expires so early may have been forgotten.
  if (expires <= forgotten_until_) return Outcome::seen;
  const auto at = names_.find(expires);
  if (at != names_.end() && at->second.count(name) > 0) return Outcome::seen;
  if (count_ >= count_max_) return Outcome::full;
  names_[expires].insert(name);
  ++count_;
  return Outcome::fresh;
}

}  // namespace dialog::server
