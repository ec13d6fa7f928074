#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/error.hpp"
#include "dialog/remote/head.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/sync/state.hpp"

/// What a push or a pull wants done, and what came of it. A session does no I/O: whoever drives it
/// carries out one action, answers it, and asks for the next. Every action may be answered by
/// `Failed`, which ends the session with that error.
namespace dialog {

/// Bounds of one `FetchBlocks`, `AskPresent` or `UploadBlocks`. A single block larger than the byte
/// bound travels alone.
inline constexpr std::size_t kWindowBlocksMax = 1024;
inline constexpr std::size_t kWindowBytesMax = std::size_t{4} * 1024 * 1024;

/// Ask the register for its head. Answers: `HeadIs`, `HeadAbsent`.
struct FetchHead {};

/// Ask the register for the swaps that it accepted after a sequence number. Answers: `HistoryIs`;
/// `HistoryAbsent` where the register keeps none.
struct FetchHistory {
  std::uint64_t after = 0;
};

/// Get these blocks from the remote's archive. Answer: `BlocksAre`.
struct FetchBlocks {
  std::vector<Hash> hashes;
};

/// Ask the remote's archive which of these it holds. Answer: `PresenceIs`.
struct AskPresent {
  std::vector<Hash> hashes;
};

/// Store these blocks in the remote's archive. Answer: `Uploaded`, not before they are durable
/// there. No block of one action refers to another one of it.
struct UploadBlocks {
  std::vector<Block> blocks;
};

/// Swap the register. Answers: `SwapAccepted`, `SwapRefused`, or `SwapUnknown` where the request
/// may have taken effect. `Failed` means that it certainly has not.
struct SwapHead {
  Revision expected;
  Revision desired;
};

/// Change the branch by compare-and-swap. Answers: `Committed`, not before the change is durable;
/// `Raced` where the branch is no longer `expected`: then nothing was changed.
struct CommitState {
  SyncState expected;
  SyncState desired;
  /// Blocks to copy from the quarantine into the local archive first, so that the branch never
  /// refers to what is not durable there. Lives as long as the session and does not change before
  /// the answer.
  const std::vector<Hash>* promote = nullptr;
};

/// Nothing is left to do: read the outcome.
struct Finished {};

using Action = std::variant<FetchHead, FetchHistory, FetchBlocks, AskPresent, UploadBlocks,
                            SwapHead, CommitState, Finished>;

struct HeadIs {
  Head head;
};
struct HeadAbsent {};
struct HistoryIs {
  HeadHistory history;
};
struct HistoryAbsent {};
/// One element per hash, in order; empty where the remote does not have the block.
struct BlocksAre {
  std::vector<std::optional<Block>> blocks;
};
/// One element per hash, in order.
struct PresenceIs {
  std::vector<bool> present;
};
struct Uploaded {};
struct SwapAccepted {
  Head head;
};
/// The register's state that made it refuse; absent where nothing was ever published.
struct SwapRefused {
  std::optional<Head> actual;
};
/// The request may have taken effect.
struct SwapUnknown {
  /// What was heard instead of an answer. Repeated where the swap's fate cannot be learned.
  Error cause = {};
};
struct Committed {};
struct Raced {
  SyncState actual;
};
struct Failed {
  Error error;
};

using Answer =
    std::variant<HeadIs, HeadAbsent, HistoryIs, HistoryAbsent, BlocksAre, PresenceIs, Uploaded,
                 SwapAccepted, SwapRefused, SwapUnknown, Committed, Raced, Failed>;

}  // namespace dialog
