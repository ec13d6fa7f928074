#include <functional>
#include <gtest/gtest.h>
#include <string>

#include "dialog/tree/block_ref.hpp"
#include "dialog/tree/node.hpp"
#include "support/seeded_bugs.hpp"
#include "unit/replica_fixture.hpp"

// The ten invariants of docs/protocol/sync.md. This program is linked with sync and replica built
// so that each of them can be broken on purpose, and shows for each that its check holds, and that
// it would notice.

namespace dialog::test {
namespace {

/// Empty where the invariant holds; otherwise what was seen.
using Verdict = std::string;

Verdict expect(bool holds, const std::string& otherwise) { return holds ? Verdict{} : otherwise; }

Model many_entries() {
  Model entries;
  for (int i = 0; i < 3'000; ++i)
    entries["key/" + std::to_string(10'000 + i)] = std::string(50, 'v');
  return entries;
}

/// Two devices that agree with a remote on some entries.
struct Two {
  TestRemote remote;
  Device a;
  Device b;

  explicit Two(const Model& entries = {{"x", "1"}, {"y", "2"}}) {
    a.put_all(entries);
    sync(a);
    sync(b);
  }
  void sync(Device& device) {
    const auto synced = device->sync("main", remote.connection());
    EXPECT_TRUE(synced.has_value()) << synced.error().message;
  }
  void pull(Device& device) {
    const auto pulled = device->pull("main", remote.connection());
    EXPECT_TRUE(pulled.has_value()) << pulled.error().message;
  }
};

// 1. origin is only ever a root that the remote served or accepted.
Verdict origin_is_what_the_remote_served() {
  Two two;
  two.a.put("mine", "1");
  two.b.put("theirs", "1");
  two.sync(two.b);
  two.pull(two.a);
  two.b.put("theirs", "2");
  two.sync(two.b);
  two.pull(two.a);
  if (two.a.tracking().origin != two.remote.revision())
    return "origin is not the remote's revision";
  return expect(two.a.get("mine") == "1", "an unpushed change was lost at the second pull");
}

/// Refuses to store anything after some calls.
class FullArchive final : public Archive {
 public:
  FullArchive(Archive& inner, std::size_t puts_left) : inner_(inner), puts_left_(puts_left) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override {
    return inner_.get(hashes, context);
  }
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override {
    if (puts_left_ == 0) return fail(ErrorCode::unavailable, "the line is dead");
    --puts_left_;
    return inner_.put(blocks, context);
  }
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override {
    return inner_.has(hashes, context);
  }
  Result<void> do_flush(const Context& context) override { return inner_.flush(context); }

  Archive& inner_;
  std::size_t puts_left_;
};

bool is_closed(MemoryArchive& archive) {
  bool closed = true;
  EXPECT_TRUE(archive
                  .for_each([&](const Hash& hash, ByteView bytes) {
                    const auto node = Node::parse(Block::checked(hash, Bytes(bytes)).value());
                    if (!node) return true;
                    for (const BlockRef& ref : refs_of(**node)) {
                      closed = closed && archive.has({&ref.hash, 1}).value().front();
                    }
                    return closed;
                  })
                  .has_value());
  return closed;
}

// 2. Blocks before pointers, children before parents, the swap last.
Verdict every_prefix_of_a_push_is_closed() {
  for (std::size_t puts = 0; puts < 20; ++puts) {
    TestRemote remote;
    Device a;
    a.put_all(many_entries());
    FullArchive dying(remote.stored, puts);
    const RemoteConnection connection{"origin", remote.subject, remote.backend, dying};
    const bool is_done = a->push("main", connection).has_value();
    if (!is_closed(remote.stored))
      return "a block arrived before its children, after " + std::to_string(puts);
    if (!is_done && !remote.revision().is_zero())
      return "the head moved before the blocks were there";
    if (is_done) {
      const Hash root = remote.revision().root();
      return expect(puts > 1 && remote.stored.has({&root, 1}).value().front(),
                    "the push was too small to tell");
    }
  }
  return "the push never ended";
}

// 3. A swap without an answer is settled before anything is merged, across a crash too.
Verdict a_lost_answer_brings_nothing_back() {
  Two two;
  two.a.put("mine", "1");
  two.remote.backend.plan().loses_answer = [&] {
    two.remote.backend.plan().is_unreachable = true;
    return true;
  };
  const auto pushed = two.a->push("main", two.remote.connection());
  if (pushed) return "the push should not know its fate";
  two.remote.backend.plan() = {};
  two.sync(two.b);
  two.b.erase("mine");
  two.sync(two.b);
  two.sync(two.a);
  if (two.a.get("mine")) return "a key that a peer deleted came back to life";
  return expect(two.a.current() == two.remote.revision(), "the two did not converge");
}

// 4. A local commit that races a pull is never dropped.
Verdict a_racing_commit_survives() {
  Two two;
  two.a.put("mine", "1");
  two.b.put("theirs", "1");
  two.sync(two.b);
  SyncOptions options;
  options.on_progress = [&, once = false](const SyncStats& stats) mutable {
    if (stats.block_fetches == 1 && !std::exchange(once, true)) two.a.put("racing", "1");
  };
  const auto pulled = two.a->pull("main", two.remote.connection(), options);
  if (!pulled) return pulled.error().message;
  if (two.a.get("racing") != "1") return "the commit was dropped";
  return expect(two.a.get("theirs") == "1" && two.a.get("mine") == "1", "a change was lost");
}

// 5. Nothing enters the archive before it is checked; a failed pull changes nothing.
Verdict nothing_unchecked_is_kept() {
  Two two;
  const Block nonsense = Block::of("this is no node");
  EXPECT_TRUE(two.remote.stored.put({&nonsense, 1}).has_value());
  EXPECT_TRUE(two.remote.head_register
                  .swap(two.remote.subject,
                        {two.remote.revision(), Revision(nonsense.hash()), WallTime{0}, {}, false},
                        {})
                  .has_value());
  const Branch before = two.a.branch();
  const auto pulled = two.a->pull("main", two.remote.connection());
  if (pulled) return "the pull of nonsense succeeded";
  const Hash hash = nonsense.hash();
  if (two.a.store().archive().has({&hash, 1}).value().front()) return "nonsense was kept";
  return expect(two.a.branch() == before, "the branch changed");
}

/// An archive that is down for reading.
class WriteOnlyArchive final : public Archive {
 public:
  explicit WriteOnlyArchive(Archive& inner) : inner_(inner) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash>, const Context&) override {
    return fail(ErrorCode::unavailable, "not for reading");
  }
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override {
    return inner_.put(blocks, context);
  }
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override {
    return inner_.has(hashes, context);
  }
  Result<void> do_flush(const Context& context) override { return inner_.flush(context); }

  Archive& inner_;
};

// 6. A partial replica can always push to a remote that holds its origin.
Verdict a_partial_replica_can_push() {
  Two two(many_entries());
  CreateRepository partial;
  partial.partial = true;
  OpenRepository open;
  open.read_through = &two.remote.stored;
  Device lazy(partial, open);
  two.pull(lazy);
  lazy.put("key/11000", "changed");
  WriteOnlyArchive blocks(two.remote.stored);
  const RemoteConnection connection{"origin", two.remote.subject, two.remote.backend, blocks};
  const auto pushed = lazy->push("main", connection);
  if (!pushed) return pushed.error().message;
  two.sync(two.b);
  return expect(two.b.get("key/11000") == "changed", "the change did not arrive");
}

// 7. An idle sync is one HEAD and no block; a push never uploads what the remote has.
Verdict nothing_travels_twice() {
  Two two(many_entries());
  two.remote.blocks.reset();
  const auto idle = two.a->sync("main", two.remote.connection());
  if (!idle || idle->stats.round_trips() != 1) return "an idle sync is more than one round trip";
  if (two.remote.blocks.counts() != ArchiveCounts{}) return "an idle sync touched blocks";
  // A push was cut off just before its swap.
  two.a.put("key/11000", "changed");
  two.remote.backend.plan().refuses_swaps = true;
  EXPECT_FALSE(two.a->push("main", two.remote.connection()).has_value());
  two.remote.backend.plan() = {};
  const auto pushed = two.a->push("main", two.remote.connection());
  if (!pushed) return pushed.error().message;
  return expect(pushed->stats.traffic.uploaded == 0, "blocks that the remote has were sent again");
}

// 8. Garbage collection keeps what a branch, its origin or an intent reaches.
Verdict garbage_collection_keeps_what_is_needed() {
  Two two;
  const Revision origin = two.a.tracking().origin;
  const Revision sent = two.a.put("sent", "1");
  two.remote.backend.plan().loses_request = [] { return true; };
  EXPECT_FALSE(two.a->push("main", two.remote.connection()).has_value());
  two.remote.backend.plan() = {};
  // A branch that stands elsewhere, and no reflog that would hold anything.
  EXPECT_TRUE(two.a->move_branch("main", sent, {}).has_value());
  const auto reflog = two.a.store().heads().list({"reflog/", {}, 100, false}).value();
  for (const Record& entry : reflog) {
    const RecordChange change{entry.key, entry.value, std::nullopt};
    EXPECT_TRUE(two.a.store().heads().commit({&change, 1}).value());
  }
  EXPECT_TRUE(two.a->collect_garbage().has_value());
  for (const Revision& needed : {origin, sent}) {
    const Hash root = needed.root();
    if (!two.a.store().archive().has({&root, 1}).value().front())
      return "a needed tree was collected";
  }
  return {};
}

// 9. A lower sequence number is a rollback; an old root under a higher one is not.
Verdict a_rollback_is_noticed() {
  Two two;
  two.b.put("x", "2");
  two.sync(two.b);
  two.sync(two.a);
  two.b.put("x", "1");
  two.sync(two.b);
  const auto undone = two.a->pull("main", two.remote.connection());
  if (!undone) return "an undone change was taken for a rollback";
  TestRemote restored;
  restored.subject = two.remote.subject;
  EXPECT_TRUE(two.remote.stored
                  .for_each([&](const Hash& hash, ByteView bytes) {
                    const Block block = Block::checked(hash, Bytes(bytes)).value();
                    return restored.stored.put({&block, 1}).has_value();
                  })
                  .has_value());
  const Revision old = two.a->log("main", {}).value().front().before.value();
  EXPECT_TRUE(restored.head_register.swap(restored.subject, {{}, old, WallTime{0}, {}, false}, {})
                  .has_value());
  const Branch before = two.a.branch();
  const auto pulled = two.a->pull("main", restored.connection());
  if (pulled || pulled.error().code != ErrorCode::rollback)
    return "a restored backup went unnoticed";
  return expect(two.a.branch() == before, "the branch changed");
}

// 10. Gone is not empty.
Verdict gone_is_not_empty() {
  Two two;
  const Branch before = two.a.branch();
  TestRemote wiped;
  const auto pulled = two.a->pull("main", wiped.connection());
  if (pulled || pulled.error().code != ErrorCode::remote_reset)
    return "a wiped remote was taken for an empty one";
  return expect(two.a.branch() == before, "the branch changed");
}

struct Invariant {
  const char* name;
  SeededBug bug;
  std::function<Verdict()> check;
};

const Invariant kInvariants[] = {
    {"OriginIsWhatTheRemoteServed", SeededBug::origin_is_the_merged_root,
     origin_is_what_the_remote_served},
    {"EveryPrefixOfAPushIsClosed", SeededBug::parents_travel_first,
     every_prefix_of_a_push_is_closed},
    {"ALostAnswerBringsNothingBack", SeededBug::swap_without_an_intent,
     a_lost_answer_brings_nothing_back},
    {"ARacingCommitSurvives", SeededBug::racing_commit_is_dropped, a_racing_commit_survives},
    {"NothingUncheckedIsKept", SeededBug::blocks_are_not_checked, nothing_unchecked_is_kept},
    {"APartialReplicaCanPush", SeededBug::absent_is_an_error, a_partial_replica_can_push},
    {"NothingTravelsTwice", SeededBug::everything_is_sent_again, nothing_travels_twice},
    {"GarbageCollectionKeepsWhatIsNeeded", SeededBug::only_branches_are_kept,
     garbage_collection_keeps_what_is_needed},
    {"ARollbackIsNoticed", SeededBug::rollback_goes_unnoticed, a_rollback_is_noticed},
    {"GoneIsNotEmpty", SeededBug::gone_is_empty, gone_is_not_empty},
};
static_assert(std::size(kInvariants) == std::size(kSeededBugs));

class SyncInvariant : public testing::TestWithParam<Invariant> {
 protected:
  ~SyncInvariant() override { seeded_bug().reset(); }
};

TEST_P(SyncInvariant, Holds) { EXPECT_EQ(GetParam().check(), ""); }

TEST_P(SyncInvariant, IsSeenToBeBroken) {
  seeded_bug() = GetParam().bug;
  EXPECT_NE(GetParam().check(), "") << "the check cannot fail";
}

void PrintTo(const Invariant& invariant, std::ostream* out) { *out << invariant.name; }

INSTANTIATE_TEST_SUITE_P(All, SyncInvariant, testing::ValuesIn(kInvariants),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace dialog::test
