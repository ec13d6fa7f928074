#include "sim_replica.hpp"

#include <utility>

namespace dialog::sim {
namespace {

constexpr const char* kBranch = "main";
constexpr const char* kRemote = "origin";
constexpr std::uint64_t kSharedKeys = 60;
constexpr std::uint64_t kOwnedKeys = 30;
constexpr std::size_t kPaddingBytes = 500;

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
  merges += other.merges;
  conflicts += other.conflicts;
  fast_forwards += other.fast_forwards;
  failed_sessions += other.failed_sessions;
  ambiguous += other.ambiguous;
  collections += other.collections;
  return *this;
}

SimReplica::SimReplica(std::string name, const Surroundings& around)
    : name_(std::move(name)), around_(around), store_(around.random) {
  auto created = Repository::create(store_, around_.clock);
  if (!created) {
    note_fault("create: " + created.error().message);
    return;
  }
  repository_.emplace(*std::move(created));
  if (auto added = repository_->add_remote({kRemote, "sim://", "did:web:simulation.example", {}});
      !added) {
    note_fault("add_remote: " + added.error().message);
  }
}

void SimReplica::open() {
  auto opened = Repository::open(store_, around_.clock);
  if (!opened) return note_fault("cannot open after a crash: " + opened.error().message);
  repository_.emplace(*std::move(opened));
}

void SimReplica::crash() {
  ++counts_.crashes;
  ++life_;
  session_.emplace<std::monostate>();
  local_.reset();
  before_session_.reset();
  repository_.reset();
  store_.power_cut();
  open();
  if (auto done = std::exchange(done_, nullptr)) done();
}

void SimReplica::act(std::uint64_t crash_chance) {
  if (around_.random.chance(crash_chance, 1000)) return crash();
  switch (around_.random.below(10)) {
    case 0:
    case 1:
    case 2:
      return start_pull({});
    case 3:
    case 4:
    case 5:
      return start_push({});
    case 6:
      if (!is_busy() && around_.random.chance(1, 4)) {
        const auto collected = repository_->collect_garbage();
        if (!collected) return note_fault("collect: " + collected.error().message);
        ++counts_.collections;
      }
      return;
    default:
      return commit();
  }
}

void SimReplica::plan_edits(Model::Commit& plan, std::map<Bytes, std::optional<Bytes>>& shared,
                            Transaction& transaction) {
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
        plan.owned[padded("o/" + name_ + "/", random.below(kOwnedKeys))] =
            random.chance(1, 4) ? std::nullopt : std::optional(random_value(random));
        break;
      default:
        plan.added_markers[padded("m/" + name_ + "/", next_marker_++)] = random_value(random);
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
  const auto scanned = transaction.scan(range, [&](ByteView key, const ValueView&) {
    if (!around_.model.is_deleted(Bytes(key))) plan.deleted_markers.insert(Bytes(key));
    return true;
  });
  if (!scanned) note_fault("scan: " + scanned.error().message);
}

void SimReplica::commit() {
  auto transaction = repository_->begin(kBranch);
  if (!transaction) return note_fault("begin: " + transaction.error().message);
  Model::Commit plan;
  std::map<Bytes, std::optional<Bytes>> edits;
  plan_edits(plan, edits, *transaction);
  for (const auto& [key, value] : plan.owned) edits[key] = value;
  for (const auto& [key, value] : plan.added_markers) edits[key] = value;
  for (const Bytes& key : plan.deleted_markers) edits[key] = std::nullopt;
  for (const auto& [key, value] : edits) {
    const auto changed = value ? transaction->put(key, *value) : transaction->erase(key);
    if (!changed) return note_fault("edit: " + changed.error().message);
  }
  const std::uint64_t interruptions = store_.interruptions();
  const auto committed = transaction->commit();
  before_session_.reset();
  if (committed) {
    ++counts_.commits;
    return around_.model.acknowledge(plan);
  }
  around_.model.leave_open(plan);
  if (store_.interruptions() == interruptions)
    return note_fault("commit: " + committed.error().message);
  crash();
}

bool SimReplica::begin(const char* what) {
  auto begun = repository_->begin_session(kBranch, kRemote, {what, name_});
  if (!begun) {
    note_fault(std::string(what) + ": " + begun.error().message);
    return false;
  }
  local_ = std::make_unique<LocalSession>(*std::move(begun));
  before_session_ = store_.contents();
  ++session_number_;
  return true;
}

void SimReplica::start_pull(std::function<void()> done) {
  if (is_busy() || !begin("pull")) return;
  done_ = std::move(done);
  session_.emplace<PullSession>(local_->input());
  advance();
}

void SimReplica::start_push(std::function<void()> done) {
  if (is_busy() || !begin("push")) return;
  done_ = std::move(done);
  last_push_settled_ = false;
  session_.emplace<PushSession>(local_->input());
  advance();
}

void SimReplica::supply(Answer answer) {
  if (auto* pull = std::get_if<PullSession>(&session_)) pull->supply(std::move(answer));
  if (auto* push = std::get_if<PushSession>(&session_)) push->supply(std::move(answer));
}

void SimReplica::advance() {
  while (true) {
    auto* pull = std::get_if<PullSession>(&session_);
    const Action& action = pull != nullptr ? pull->next() : std::get<PushSession>(session_).next();
    if (std::holds_alternative<Finished>(action)) return finish();
    if (const auto* commit_state = std::get_if<CommitState>(&action)) {
      const std::uint64_t interruptions = store_.interruptions();
      Answer answer = local_->commit(*commit_state);
      if (store_.interruptions() != interruptions) return crash();
      before_session_.reset();
      supply(std::move(answer));
      continue;
    }
    around_.network.call(around_.remote, action,
                         [this, life = life_, number = session_number_](Answer answer) {
                           if (life != life_ || number != session_number_ || !is_busy()) return;
                           supply(std::move(answer));
                           advance();
                         });
    return;
  }
}

void SimReplica::finish() {
  if (const auto* pull = std::get_if<PullSession>(&session_)) finish(pull->outcome());
  if (const auto* push = std::get_if<PushSession>(&session_)) finish(push->outcome());
  session_.emplace<std::monostate>();
  local_.reset();
  before_session_.reset();
  if (auto done = std::exchange(done_, nullptr)) done();
}

void SimReplica::finish(const Result<PullOutcome>& outcome) {
  if (!outcome) return note_failure(outcome.error());
  if (outcome->kind == PullOutcome::Kind::merged) ++counts_.merges;
  if (outcome->kind == PullOutcome::Kind::fast_forward) ++counts_.fast_forwards;
  counts_.conflicts += outcome->merge.conflicts();
  counts_.ambiguous += outcome->ambiguous.size();
}

void SimReplica::finish(const Result<PushOutcome>& outcome) {
  if (!outcome) return note_failure(outcome.error());
  last_push_settled_ = outcome->kind != PushOutcome::Kind::rejected;
  if (outcome->kind == PushOutcome::Kind::accepted) ++counts_.pushes_accepted;
  if (outcome->kind == PushOutcome::Kind::rejected) ++counts_.pushes_rejected;
}

void SimReplica::note_failure(const Error& error) {
  ++counts_.failed_sessions;
  switch (error.code) {
    case ErrorCode::timeout:
    case ErrorCode::indeterminate:
    case ErrorCode::conflict:
      break;
    default:
      note_fault("a session failed: " + error.message);
  }
  if (before_session_ && !(store_.contents() == *before_session_)) {
    note_fault("a session that failed left something behind: " + error.message);
  }
}

void SimReplica::note_fault(std::string what) {
  if (fault_.empty()) fault_ = name_ + ": " + std::move(what);
}

Revision SimReplica::current() {
  const auto branch = repository_->branch(kBranch);
  if (!branch) {
    note_fault("branch: " + branch.error().message);
    return Revision();
  }
  return branch->current;
}

Model::Contents SimReplica::contents() {
  Model::Contents out;
  const auto snapshot = repository_->snapshot(kBranch);
  if (!snapshot) {
    note_fault("snapshot: " + snapshot.error().message);
    return out;
  }
  std::vector<Bytes> keys;
  const auto scanned = snapshot->scan({}, [&](ByteView key, const ValueView&) {
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
