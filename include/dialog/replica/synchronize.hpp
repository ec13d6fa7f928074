#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "dialog/archive/archive.hpp"
#include "dialog/base/context.hpp"
#include "dialog/remote/revision_backend.hpp"
#include "dialog/remote/subject.hpp"
#include "dialog/sync/outcome.hpp"
#include "dialog/sync/pull_session.hpp"

namespace dialog {

/// An open way to a remote: its register and its archive. What it refers to must outlive the call
/// that it is handed to.
struct RemoteConnection {
  /// The remote's name in the repository: what is known of the remote is kept under it.
  std::string name;
  Subject subject;
  RevisionBackend& backend;
  Archive& blocks;
};

/// What a push or a pull did, in actions. Each but `commits` is a round trip or, where an archive
/// splits a batch, several.
struct SyncStats {
  std::uint64_t head_fetches = 0;
  std::uint64_t history_fetches = 0;
  std::uint64_t block_fetches = 0;
  std::uint64_t presence_queries = 0;
  std::uint64_t uploads = 0;
  std::uint64_t swaps = 0;
  /// Changes of the branch.
  std::uint64_t commits = 0;
  BlockTraffic traffic;

  [[nodiscard]] std::uint64_t round_trips() const {
    return head_fetches + history_fetches + block_fetches + presence_queries + uploads + swaps;
  }
  SyncStats& operator+=(const SyncStats& other);
};

struct SyncOptions {
  PullOptions pull = {};
  /// Called after every action, on the caller's thread.
  std::function<void(const SyncStats&)> on_progress = {};
  /// For the reflog.
  std::string who = {};
  /// For every action, local and remote.
  Context context = {};
};

/// A pull, and what it took.
struct PullReport {
  PullOutcome outcome;
  SyncStats stats;
};

/// A push, and what it took.
struct PushReport {
  PushOutcome outcome;
  SyncStats stats;
};

/// How often `Repository::sync` pulls anew after the remote moved between its pull and its push.
inline constexpr std::size_t kSyncRoundsMax = 32;

/// A pull and a push, repeated until the remote accepted or had nothing to accept.
struct SyncReport {
  /// The last pull's outcome, with the merge counts of all of them.
  PullOutcome pull;
  PushOutcome push;
  /// How many times it pulled; 1 where nobody else moved the remote meanwhile.
  std::size_t rounds = 0;
  SyncStats stats;
};

}  // namespace dialog
