#include "session_driver.hpp"

#include <algorithm>
#include <string>

#include "dialog/remote/backend_error.hpp"

namespace dialog {
namespace {

constexpr std::size_t kPromotedAtOnce = 512;

/// What an error of a swap says about its effect.
Answer after_failed_swap(const RevisionBackendError& error) {
  if (const auto* mismatch = error.as<RevisionMismatch>()) {
    return SwapRefused{Head{mismatch->actual, std::nullopt}};
  }
  if (error.as<NotFound>() != nullptr) return SwapRefused{};
  const auto* publish = error.as<PublishFailed>();
  const bool is_full =
      error.as<ProviderError>() != nullptr && error.code() == ErrorCode::storage_full;
  const bool had_no_effect = error.as<Unauthorized>() != nullptr ||
                             (publish != nullptr && !publish->indeterminate) || is_full;
  // Of every other error nobody can say that the request did not get through.
  if (!had_no_effect) return SwapUnknown{error.to_error()};
  return Failed{error.to_error()};
}

}  // namespace

SyncStats& SyncStats::operator+=(const SyncStats& other) {
  head_fetches += other.head_fetches;
  history_fetches += other.history_fetches;
  block_fetches += other.block_fetches;
  presence_queries += other.presence_queries;
  uploads += other.uploads;
  swaps += other.swaps;
  commits += other.commits;
  traffic.fetched += other.traffic.fetched;
  traffic.fetched_bytes += other.traffic.fetched_bytes;
  traffic.uploaded += other.traffic.uploaded;
  traffic.uploaded_bytes += other.traffic.uploaded_bytes;
  traffic.present_at_remote += other.traffic.present_at_remote;
  return *this;
}

Answer SessionDriver::perform(const FetchHead&) {
  if (auto wanted = check_context(options_.context, clock_); !wanted)
    return Failed{std::move(wanted).error()};
  ++stats_.head_fetches;
  auto head = remote_.backend.fetch_head(remote_.subject, options_.context);
  if (head) return HeadIs{*head};
  if (head.error().as<NotFound>() != nullptr) return HeadAbsent{};
  return Failed{head.error().to_error()};
}

Answer SessionDriver::perform(const FetchHistory& action) {
  ++stats_.history_fetches;
  auto history = remote_.backend.history(remote_.subject, action.after, options_.context);
  if (!history) return Failed{history.error().to_error()};
  if (!*history) return HistoryAbsent{};
  return HistoryIs{**std::move(history)};
}

Answer SessionDriver::perform(const FetchBlocks& action) {
  if (auto wanted = check_context(options_.context, clock_); !wanted)
    return Failed{std::move(wanted).error()};
  ++stats_.block_fetches;
  auto blocks = remote_.blocks.get(action.hashes, options_.context);
  if (!blocks) return Failed{std::move(blocks).error().within("remote " + remote_.name)};
  return BlocksAre{*std::move(blocks)};
}

Answer SessionDriver::perform(const AskPresent& action) {
  if (auto wanted = check_context(options_.context, clock_); !wanted)
    return Failed{std::move(wanted).error()};
  ++stats_.presence_queries;
  auto present = remote_.blocks.has(action.hashes, options_.context);
  if (!present) return Failed{std::move(present).error().within("remote " + remote_.name)};
  return PresenceIs{*std::move(present)};
}

Answer SessionDriver::perform(const UploadBlocks& action) {
  if (auto wanted = check_context(options_.context, clock_); !wanted)
    return Failed{std::move(wanted).error()};
  ++stats_.uploads;
  auto stored = remote_.blocks.put(action.blocks, options_.context);
  if (stored) stored = remote_.blocks.flush(options_.context);
  if (!stored) return Failed{std::move(stored).error().within("remote " + remote_.name)};
  return Uploaded{};
}

Answer SessionDriver::perform(const SwapHead& action) {
  if (auto wanted = check_context(options_.context, clock_); !wanted)
    return Failed{std::move(wanted).error()};
  ++stats_.swaps;
  auto head =
      remote_.backend.swap_head(remote_.subject, action.expected, action.desired, options_.context);
  if (head) return SwapAccepted{*head};
  return after_failed_swap(head.error());
}

// Not subject to cancellation: it is short, and what was learned would be learned anew.
Answer SessionDriver::perform(const CommitState& action) {
  ++stats_.commits;
  return commit_(action);
}

Answer SessionDriver::perform(const Finished&) {
  return Failed{Error{ErrorCode::internal, "a finished session has no action", {}}};
}

Result<void> promote(Archive& quarantine, Archive& archive, const std::vector<Hash>* hashes) {
  if (hashes == nullptr) return {};
  for (std::size_t first = 0; first < hashes->size(); first += kPromotedAtOnce) {
    const std::size_t count = std::min(kPromotedAtOnce, hashes->size() - first);
    DIALOG_ASSIGN(auto found, quarantine.get(std::span(*hashes).subspan(first, count)));
    std::vector<Block> blocks;
    blocks.reserve(count);
    for (std::optional<Block>& block : found) {
      if (!block) return fail(ErrorCode::storage_failed, "the quarantine lost a block");
      blocks.push_back(*std::move(block));
    }
    DIALOG_TRY(archive.put(blocks));
  }
  return {};
}

}  // namespace dialog
