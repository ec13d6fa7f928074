#include "dialog/archive/caching_archive.hpp"

#include <string>
#include <unordered_map>
#include <utility>

namespace dialog {
namespace {

// What the local archive lacks: each hash once, and where in the batch it is wanted.
class Absent {
 public:
  void add(const Hash& hash, std::size_t position) {
    const auto [at, is_new] = index_of_.try_emplace(hash, hashes_.size());
    if (is_new) {
      hashes_.push_back(hash);
      positions_.emplace_back();
    }
    positions_[at->second].push_back(position);
  }

  [[nodiscard]] std::span<const Hash> hashes() const { return hashes_; }
  [[nodiscard]] std::span<const std::size_t> positions(std::size_t index) const {
    return positions_[index];
  }

 private:
  std::vector<Hash> hashes_;
  std::vector<std::vector<std::size_t>> positions_;
  std::unordered_map<Hash, std::size_t> index_of_;
};

Error of_remote(const Error& error, std::size_t count) {
  return error.within("asking the remote archive about " + std::to_string(count) + " blocks");
}

}  // namespace

Result<std::vector<std::optional<Block>>> CachingArchive::do_get(std::span<const Hash> hashes,
                                                                 const Context& context) {
  DIALOG_ASSIGN(auto found, local_.get(hashes, context));
  DIALOG_TRY(check_answer(hashes, found));
  Absent absent;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!found[i]) absent.add(hashes[i], i);
  }
  if (absent.hashes().empty()) return found;

  const auto fetched = remote_.get(absent.hashes(), context);
  if (!fetched) return fail(of_remote(fetched.error(), absent.hashes().size()));
  if (auto checked = check_answer(absent.hashes(), *fetched); !checked) {
    return fail(of_remote(checked.error(), absent.hashes().size()));
  }
  std::vector<Block> news;
  for (std::size_t i = 0; i < fetched->size(); ++i) {
    const std::optional<Block>& block = (*fetched)[i];
    if (!block) continue;
    news.push_back(*block);
    for (const std::size_t position : absent.positions(i)) found[position] = block;
  }
  if (!news.empty()) {
    // A cache that cannot keep a block costs the next reader a round trip, and this one nothing.
    [[maybe_unused]] const auto kept = local_.put(news, context);
  }
  return found;
}

Result<void> CachingArchive::do_put(std::span<const Block> blocks, const Context& context) {
  return local_.put(blocks, context);
}

Result<std::vector<bool>> CachingArchive::do_has(std::span<const Hash> hashes,
                                                 const Context& context) {
  DIALOG_ASSIGN(auto present, local_.has(hashes, context));
  Absent absent;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!present[i]) absent.add(hashes[i], i);
  }
  if (absent.hashes().empty()) return present;

  const auto remote = remote_.has(absent.hashes(), context);
  if (!remote) return fail(of_remote(remote.error(), absent.hashes().size()));
  if (remote->size() != absent.hashes().size()) {
    return fail(ErrorCode::corrupt, "the remote archive answered " +
                                        std::to_string(absent.hashes().size()) + " hashes with " +
                                        std::to_string(remote->size()) + " answers");
  }
  for (std::size_t i = 0; i < remote->size(); ++i) {
    for (const std::size_t position : absent.positions(i)) present[position] = (*remote)[i];
  }
  return present;
}

Result<void> CachingArchive::do_flush(const Context& context) { return local_.flush(context); }

}  // namespace dialog
