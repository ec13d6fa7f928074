#include "sim_replica.hpp"

#include <algorithm>
#include <utility>

#include "sim_reach.hpp"

namespace dialog::sim {
namespace {

constexpr const char* kBranch = "main";
constexpr const char* kRemote = "origin";
constexpr std::size_t kSessionsMax = 2;
constexpr std::uint64_t kSharedKeys = 60;
constexpr std::uint64_t kOwnedKeys = 30;
constexpr std::size_t kPaddingBytes = 500;
constexpr std::size_t kCommitsTogetherMax = 4;

/// Long keys make trees of several levels out of few entries.
Bytes padded(const Bytes& start, std::uint64_t number) {
  Bytes digits = std::to_string(number);
  digits.insert(0, 6 - std::min<std::size_t>(6, digits.size()), '0');
  return start + digits + Bytes(kPaddingBytes, '.');
}

Bytes random_value(SeededRandom& random) {
  const std::uint64_t kind = random.below(20);
  const std::uint64_t size = kind == 0 ? 1500 : kind == 1 ? 0 : random.below(300);
  Bytes out(static_cast<std::size_t>(size), '\0');
  for (char& c : out) c = static_cast<char>(random.below(256));
  return out;
}

}  // namespace

ReplicaCounts& ReplicaCounts::operator+=(const ReplicaCounts& other) {
  commits += other.commits;
  crashes += other.crashes;
  pushes_accepted += other.pushes_accepted;
  pushes_rejected += other.pushes_rejected;
  partial_pushes_accepted += other.partial_pushes_accepted;
  merges += other.merges;
  conflicts += other.conflicts;
  fast_forwards += other.fast_forwards;
  failed_sessions += other.failed_sessions;
  shared_swaps += other.shared_swaps;
  resets_noticed += other.resets_noticed;
  rollbacks_noticed += other.rollbacks_noticed;
  faults_of_trees_noticed += other.faults_of_trees_noticed;
  ambiguous += other.ambiguous;
  collections += other.collections;
  together += other.together;
  pending += other.pending;
  return *this;
}

/// Makes a change of the store, and takes care that nobody else made one.
template <class Change>
auto SimReplica::change(Change&& make) {
  if (store_.changes() != accounted_changes_)
    note_fault("something was written outside of any commit");
  auto result = make();
  accounted_changes_ = store_.changes();
  return result;
}

SimReplica::SimReplica(Options options, const Surroundings& around)
    : options_(std::move(options)), around_(around), store_(around.random) {
  if (options_.is_partial) opening_.read_through = &around_.remote.blocks();
  if (around_.random.chance(1, 2)) {
    opening_.pending_edits_max = static_cast<std::size_t>(1 + around_.random.below(30));
    opening_.pending_bytes_max = static_cast<std::size_t>(1 + around_.random.below(20'000));
  }
  CreateRepository create;
  create.partial = options_.is_partial;
  auto created = change([&] { return Repository::create(store_, around_.clock, create); });
  if (!created) {
    note_fault("create: " + created.error().message);
    return;
  }
  open();
  const auto added = change([&] {
    return repository_->add_remote({kRemote, "sim://", "did:web:simulation.example", {}});
  });
  if (!added) note_fault("add_remote: " + added.error().message);
  if (!around_.random.chance(1, 2)) return;
  Retention retention;
  retention.moves = 1 + around_.random.below(20);
  if (around_.random.chance(1, 2)) retention.age = std::chrono::days{0};
  const auto set = change([&] { return repository_->set_retention(retention); });
  if (!set) note_fault("set_retention: " + set.error().message);
}

void SimReplica::open() {
  auto opened = Repository::open(store_, around_.clock, opening_);
  if (!opened) return note_fault("cannot open: " + opened.error().message);
  repository_.emplace(*std::move(opened));
}

void SimReplica::crash() {
  ++counts_.crashes;
  sessions_.clear();
  repository_.reset();
  store_.power_cut();
  accounted_changes_ = store_.changes();
  open();
}

void SimReplica::act(std::uint64_t crash_chance) {
  if (around_.random.chance(crash_chance, 1000)) return crash();
  switch (around_.random.below(10)) {
    case 0:
    case 1:
    case 2:
      return start(SimSession::Kind::pull);
    case 3:
    case 4:
    case 5:
      return start(SimSession::Kind::push);
    case 6:
      if (sessions_.empty() && around_.random.chance(1, 4)) collect_garbage();
      return;
    default:
      return commit();
  }
}

void SimReplica::heal() {
  store_.interrupt_commits(0);
  options_.tampered = 0;
}

// A collection that takes too much would not be noticed otherwise: the next session gets it again.
void SimReplica::collect_garbage() {
  const auto branch = repository_->branch(kBranch);
  if (!branch) return note_fault("branch: " + branch.error().message);
  const Reached needed = reach(store_.archive(), needed_by(*branch));
  if (!needed.absent.empty() && !is_partial()) note_fault("a tree that is needed is not whole");
  const std::uint64_t interruptions = store_.interruptions();
  const auto collected = change([&] { return repository_->collect_garbage(); });
  if (store_.interruptions() != interruptions) return crash();
  if (!collected) return note_fault("collect: " + collected.error().message);
  ++counts_.collections;
  const auto kept = store_.archive().has(needed.present);
  if (!std::all_of(kept->begin(), kept->end(), [](bool is_kept) { return is_kept; }))
    note_fault("a block that is needed was collected");
}

void SimReplica::plan_edits(Model::Commit& plan, Edits& shared, Transaction& transaction) {
  SeededRandom& random = around_.random;
  for (std::uint64_t i = 1 + random.below(4); i > 0; --i) {
    switch (random.below(5)) {
      case 0:
        shared[padded("s/", random.below(kSharedKeys))] = std::nullopt;
        break;
      case 1:
      case 2:
        shared[padded("s/", random.below(kSharedKeys))] = random_value(random);
        break;
      case 3:
        plan.owned[padded("o/" + options_.name + "/", random.below(kOwnedKeys))] =
            random.chance(1, 4) ? std::nullopt : std::optional(random_value(random));
        break;
      default:
        plan.added_markers[padded("m/" + options_.name + "/", next_marker_++)] =
            random_value(random);
        break;
    }
  }
  if (!random.chance(1, 3)) return;
  // Deletes a marker that it sees, whoever made it.
  ScanRange range;
  range.prefix = "m/";
  range.from =
      padded("m/" + Bytes(1, static_cast<char>('a' + random.below(7))) + "/", random.below(20));
  range.limit = 1;
  const auto scanned = transaction.scan(range, [&](ByteView key, const EntryValue&) {
    if (!around_.model.is_deleted(Bytes(key))) plan.deleted_markers.insert(Bytes(key));
    return true;
  });
  if (!scanned) note_fault("scan: " + scanned.error().message);
}

void SimReplica::commit() {
  tried_.clear();
  // While one commit waits for the disk, other threads go on from what it has submitted.
  store_.while_waiting = [this] {
    if (tried_.size() < kCommitsTogetherMax && around_.random.chance(1, 3)) try_commit();
  };
  const std::uint64_t interruptions = store_.interruptions();
  change([&] {
    try_commit();
    return 0;
  });
  store_.while_waiting = nullptr;
  counts_.together += tried_.size() - 1;
  // In the order in which they were submitted: one that had to build first began anew.
  std::sort(tried_.begin(), tried_.end(),
            [](const Tried& a, const Tried& b) { return a.base < b.base; });
  for (const Tried& each : tried_) {
    if (!each.error) {
      ++counts_.commits;
      around_.model.acknowledge(each.plan);
      continue;
    }
    around_.model.leave_open(each.plan);
    if (store_.interruptions() == interruptions)
      return note_fault("commit: " + each.error->message);
  }
  if (store_.interruptions() != interruptions) return crash();
  const auto branch = repository_->branch(kBranch);
  if (branch && branch->pending.commits > 0) ++counts_.pending;
  const auto snapshot = repository_->snapshot(kBranch);
  for (const Tried& each : tried_) {
    for (const auto& [key, value] : each.plan.added_markers) {
      const auto found = snapshot ? snapshot->get(key) : Result<std::optional<Bytes>>();
      if (!found || *found != value) note_fault("a commit that was acknowledged does not show");
    }
  }
}

void SimReplica::try_commit() {
  const std::size_t number = tried_.size();
  tried_.emplace_back();
  const auto committed =
      repository_->transact(kBranch, [&](Transaction& transaction) -> Result<void> {
        Model::Commit plan;
        Edits edits;
        plan_edits(plan, edits, transaction);
        for (const auto& [key, value] : plan.owned) edits[key] = value;
        for (const auto& [key, value] : plan.added_markers) edits[key] = value;
        for (const Bytes& key : plan.deleted_markers) edits[key] = std::nullopt;
        for (const auto& [key, value] : edits)
          DIALOG_TRY(value ? transaction.put(key, *value) : transaction.erase(key));
        tried_[number].plan = std::move(plan);
        tried_[number].base = transaction.base().version().value_or(0);
        return {};
      });
  if (!committed) tried_[number].error = committed.error();
}

void SimReplica::write(const Bytes& key, const std::optional<Bytes>& value) {
  const auto written = change([&] {
    return repository_->transact(kBranch, [&](Transaction& transaction) {
      return value ? transaction.put(key, *value) : transaction.erase(key);
    });
  });
  if (!written) note_fault("write: " + written.error().message);
}

void SimReplica::start(SimSession::Kind kind) {
  if (sessions_.size() == kSessionsMax) return;
  const std::uint64_t interruptions = store_.interruptions();
  auto begun =
      change([&] { return repository_->begin_session(kBranch, kRemote, {"sync", options_.name}); });
  if (store_.interruptions() != interruptions) return crash();
  if (!begun) return note_fault("begin_session: " + begun.error().message);
  const std::uint64_t number = ++session_count_;
  if (kind == SimSession::Kind::push) last_push_settled_ = false;
  sessions_[number] =
      std::make_unique<SimSession>(*std::move(begun), kind, around_.remote.condition());
  advance(number);
}

void SimReplica::answer(std::uint64_t number, Answer answer) {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return;
  BlocksAre* const blocks = std::get_if<BlocksAre>(&answer);
  if (blocks != nullptr && around_.random.chance(options_.tampered, 1000))
    found->second->tamper(*blocks, around_.random);
  found->second->supply(std::move(answer));
  advance(number);
}

void SimReplica::advance(std::uint64_t number) {
  SimSession& session = *sessions_.at(number);
  while (const auto* wanted = std::get_if<CommitState>(&session.next())) {
    for (const SwapIntent& intent : wanted->desired.tracking.intents)
      if (intent.requests > 1) ++counts_.shared_swaps;
    const std::uint64_t interruptions = store_.interruptions();
    Answer answer = change([&] { return session.commit(*wanted); });
    if (store_.interruptions() != interruptions) return crash();
    session.supply(std::move(answer));
  }
  if (std::holds_alternative<Finished>(session.next())) {
    finish(session);
    sessions_.erase(number);
    return;
  }
  around_.network.call(around_.remote, session.next(),
                       [this, number](Answer answer) { this->answer(number, std::move(answer)); });
}

void SimReplica::finish(const SimSession& session) {
  change([] { return 0; });
  if (const std::string fault = session.fault(); !fault.empty()) note_fault(fault);
  if (session.error() != nullptr) return note_failure(*session.error());
  if (session.pull() != nullptr) finish(*session.pull()->outcome());
  if (session.push() != nullptr) finish(*session.push()->outcome());
}

void SimReplica::finish(const PullOutcome& outcome) {
  note_head(outcome.remote);
  if (outcome.kind == PullOutcome::Kind::merged) ++counts_.merges;
  if (outcome.kind == PullOutcome::Kind::fast_forward) ++counts_.fast_forwards;
  counts_.conflicts += outcome.merge.conflicts();
  counts_.ambiguous += outcome.ambiguous.size();
}

void SimReplica::finish(const PushOutcome& outcome) {
  last_push_settled_ = outcome.kind != PushOutcome::Kind::rejected;
  last_push_ = outcome.traffic;
  note_head(outcome.actual);
  switch (outcome.kind) {
    case PushOutcome::Kind::rejected:
      ++counts_.pushes_rejected;
      break;
    case PushOutcome::Kind::accepted:
      ++counts_.pushes_accepted;
      if (is_partial()) ++counts_.partial_pushes_accepted;
      has_seen_head_ = true;
      break;
    case PushOutcome::Kind::up_to_date:
      break;
  }
}

void SimReplica::note_failure(const Error& error) {
  ++counts_.failed_sessions;
  if (error.code == ErrorCode::remote_reset) ++counts_.resets_noticed;
  if (error.code == ErrorCode::rollback) ++counts_.rollbacks_noticed;
  if (error.code == ErrorCode::corrupt) ++counts_.faults_of_trees_noticed;
}

void SimReplica::note_head(const std::optional<Head>& head) {
  if (!head) return;
  has_seen_head_ = true;
  last_sequence_ = std::max(last_sequence_, head->sequence.value_or(0));
}

void SimReplica::note_fault(std::string what) {
  if (fault_.empty()) fault_ = options_.name + ": " + std::move(what);
}

Revision SimReplica::current() {
  const auto revision = change([&] { return repository_->resolve(kBranch); });
  if (!revision) note_fault("resolve: " + revision.error().message);
  return revision.value_or(Revision());
}

Model::Contents SimReplica::contents() {
  Model::Contents out;
  const auto snapshot = repository_->snapshot(kBranch);
  if (!snapshot) {
    note_fault("snapshot: " + snapshot.error().message);
    return out;
  }
  std::vector<Bytes> keys;
  const auto scanned = snapshot->scan({}, [&](ByteView key, const EntryValue&) {
    keys.emplace_back(key);
    return true;
  });
  if (!scanned) note_fault("scan: " + scanned.error().message);
  for (const Bytes& key : keys) {
    auto value = snapshot->get(key);
    if (!value || !*value) {
      note_fault("get: a key of the scan cannot be read");
      continue;
    }
    out.emplace(key, **std::move(value));
  }
  return out;
}

}  // namespace dialog::sim
