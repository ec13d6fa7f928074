#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/sync/pull_session.hpp"
#include "dialog/sync/push_session.hpp"
#include "dialog/tree/builder.hpp"
#include "dialog/tree/cursor.hpp"
#include "dialog/tree/read.hpp"
#include "dialog/tree/walk.hpp"
#include "support/generator.hpp"

namespace dialog::test {

/// The remote of a session under test: a register with its history, and an archive.
struct FakeRemote {
  std::optional<Head> head;
  HeadHistory history;
  bool keeps_history = true;
  bool tells_sequence = true;
  MemoryArchive blocks;

  /// Accepts a swap whatever was there before.
  void accept(const Revision& revision) {
    const std::uint64_t sequence = history.records.size() + 1;
    history.records.push_back(
        {revision, head ? head->revision : Revision{}, sequence, WallTime{0}, {}});
    head = Head{revision, tells_sequence ? std::optional(sequence) : std::nullopt};
  }

  HeadHistory after(std::uint64_t sequence) const {
    HeadHistory found;
    for (const HeadRecord& record : history.records) {
      if (record.sequence > sequence) found.records.push_back(record);
    }
    return found;
  }
};

/// Puts the tree of some entries into an archive.
inline Revision build_tree(Archive& archive, const Model& entries) {
  TreeBuilder builder(archive);
  for (const auto& [key, value] : entries) EXPECT_TRUE(builder.add(key, value).has_value());
  return Revision(builder.finish().value());
}

/// `count` entries of some size, so that trees have several levels.
inline Model numbered_entries(std::size_t count, const std::string& value = std::string(60, 'v')) {
  Model entries;
  for (std::size_t i = 0; i < count; ++i) {
    std::string digits = std::to_string(i);
    entries["key/" + std::string(6 - digits.size(), '0') + digits] = value + digits;
  }
  return entries;
}

inline Model read_all(Archive& archive, const Revision& revision) {
  Model entries;
  NodeSource source(archive);
  Cursor cursor(source, revision.root());
  auto found = cursor.seek_first();
  while (found && *found) {
    entries[Bytes(cursor.key())] = cursor.value().value();
    found = cursor.next();
  }
  EXPECT_TRUE(found.has_value()) << found.error().message;
  return entries;
}

/// All blocks that a tree consists of, children first.
inline std::vector<BlockRef> blocks_of(Archive& archive, const Revision& revision) {
  std::vector<BlockRef> refs;
  if (revision.is_zero()) return refs;
  NodeSource source(archive);
  NewBlockWalk walk(source, revision.root(), {});
  for (;;) {
    auto some = walk.next(std::size_t{1} << 20);
    EXPECT_TRUE(some.has_value()) << some.error().message;
    if (!some || some->empty()) return refs;
    refs.insert(refs.end(), some->begin(), some->end());
  }
}

inline std::vector<Hash> hashes_of(Archive& archive, const Revision& revision) {
  std::vector<Hash> hashes;
  for (const BlockRef& ref : blocks_of(archive, revision)) hashes.push_back(ref.hash);
  return hashes;
}

inline std::string name_of(const Action& action) {
  static const char* const names[] = {"head",   "history", "fetch",  "ask",
                                      "upload", "swap",    "commit", "finished"};
  return names[action.index()];
}

/// Carries out a session's actions against a fake remote and one branch, and writes down which they
/// were.
struct Runner {
  MemoryArchive local;
  MemoryArchive quarantine;
  FakeRemote remote;
  SyncState branch;
  bool partial = false;

  /// Answers in place of what would be done; absent: do it.
  std::function<std::optional<Answer>(const Action&)> intercept = {};
  std::string log;
  std::vector<SyncState> commits;
  std::size_t actions_max = 10'000;

  SyncInput input() { return {local, quarantine, branch, partial, {}}; }

  template <class Session>
  void run(Session& session) {
    for (std::size_t i = 0; i < actions_max; ++i) {
      if (std::holds_alternative<Finished>(session.next())) return;
      if (!log.empty()) log += " ";
      log += name_of(session.next());
      std::optional<Answer> answer = intercept ? intercept(session.next()) : std::nullopt;
      if (!answer)
        answer = std::visit([this](const auto& action) { return this->perform(action); },
                            session.next());
      session.supply(*std::move(answer));
    }
    FAIL() << "the session does not end: " << log.substr(0, 500);
  }

  Result<PushOutcome> push(PushOptions options = {}) {
    PushSession session(input(), options);
    run(session);
    return session.outcome();
  }
  Result<PullOutcome> pull(PullOptions options = {}) {
    PullSession session(input(), options);
    run(session);
    return session.outcome();
  }

  Answer perform(const FetchHead&) {
    return remote.head ? Answer(HeadIs{*remote.head}) : Answer(HeadAbsent{});
  }
  Answer perform(const FetchHistory& action) {
    if (!remote.keeps_history) return HistoryAbsent{};
    return HistoryIs{remote.after(action.after)};
  }
  Answer perform(const FetchBlocks& action) {
    return BlocksAre{remote.blocks.get(action.hashes).value()};
  }
  Answer perform(const AskPresent& action) {
    return PresenceIs{remote.blocks.has(action.hashes).value()};
  }
  Answer perform(const UploadBlocks& action) {
    EXPECT_TRUE(remote.blocks.put(action.blocks).has_value());
    return Uploaded{};
  }
  Answer perform(const SwapHead& action) {
    const Revision now = remote.head ? remote.head->revision : Revision{};
    if (now != action.expected) return SwapRefused{remote.head};
    remote.accept(action.desired);
    return SwapAccepted{*remote.head};
  }
  Answer perform(const CommitState& action) {
    if (branch != action.expected) return Raced{branch};
    if (action.promote != nullptr) {
      const auto blocks = quarantine.get(*action.promote).value();
      for (const auto& block : blocks) {
        EXPECT_TRUE(block.has_value());
        if (!block) continue;
        EXPECT_TRUE(local.put({&*block, 1}).has_value());
      }
    }
    branch = action.desired;
    commits.push_back(branch);
    return Committed{};
  }
  Answer perform(const Finished&) { return Failed{}; }
};

/// Everything that makes a replica: to show that something left it as it was.
struct Picture {
  SyncState branch;
  std::size_t blocks;
  std::size_t bytes;
  friend bool operator==(const Picture&, const Picture&) = default;
};
inline Picture picture_of(const Runner& runner) {
  return {runner.branch, runner.local.block_count(), runner.local.byte_count()};
}

}  // namespace dialog::test
