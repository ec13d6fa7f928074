#include "sim_world.hpp"

#include <utility>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/tree/builder.hpp"
#include "dialog/tree/check.hpp"
#include "dialog/tree/node.hpp"
#include "dialog/tree/read.hpp"

namespace dialog::sim {
namespace {

constexpr std::size_t kRoundsAfterHealing = 3;
constexpr std::uint64_t kDisasterSteps = 40;
constexpr std::size_t kEventsMax = 2'000'000;

Hash root_of(const Model::Contents& contents) {
  MemoryArchive archive;
  TreeBuilder builder(archive);
  for (const auto& [key, value] : contents)
    if (!builder.add(key, value)) return Hash();
  return builder.finish().value_or(Hash());
}

}  // namespace

WorldCounts& WorldCounts::operator+=(const WorldCounts& other) {
  seeds += other.seeds;
  swaps_accepted += other.swaps_accepted;
  network.requests += other.network.requests;
  network.lost_requests += other.network.lost_requests;
  network.lost_replies += other.network.lost_replies;
  network.repeated += other.network.repeated;
  network.timeouts += other.network.timeouts;
  replicas += other.replicas;
  deep_trees += other.deep_trees;
  return *this;
}

SimWorld::SimWorld(const Options& options)
    : options_(options),
      random_(options.seed),
      network_(scheduler_, random_),
      remote_(options.seed % 5 != 0),
      keeps_history_(options.seed % 5 != 0) {
  remote_.on_accepted = [this](const Revision& head) { check_remote(head); };
  network_.faults = {random_.below(301), random_.below(501), random_.below(101)};
  crash_chance_ = random_.below(40);
  const bool is_tampered_with = random_.chance(1, 4);
  const std::uint64_t count = 2 + random_.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    SimReplica::Options replica;
    replica.name = std::string(1, static_cast<char>('a' + i));
    replica.is_partial = i > 0 && random_.chance(1, 5);
    if (is_tampered_with) replica.tampered = random_.below(100);
    replicas_.push_back(std::make_unique<SimReplica>(
        std::move(replica), SimReplica::Surroundings{random_, network_, remote_, model_, clock_}));
    replicas_.back()->store().interrupt_commits(random_.below(30));
  }
}

std::string SimWorld::run() {
  trouble(options_.steps / 2);
  disaster();
  trouble(options_.steps / 2);
  heal();
  for (std::size_t round = 0; round < kRoundsAfterHealing && !is_faulty(); ++round) settle_all();
  if (!is_faulty()) check_end();
  if (!is_faulty()) check_undo();
  if (!is_faulty()) check_idle();
  return fault_;
}

SimReplica& SimWorld::any_replica() {
  return *replicas_[static_cast<std::size_t>(random_.below(replicas_.size()))];
}

void SimWorld::trouble(std::uint64_t steps) {
  for (std::uint64_t step = 0; step < steps && !is_faulty(); ++step) {
    clock_.sleep(std::chrono::milliseconds(1));
    any_replica().act(crash_chance_);
    for (std::uint64_t events = random_.below(12); events > 0 && scheduler_.step(); --events) {
    }
  }
}

// Something befalls the remote, and somebody repairs it later. Meanwhile no replica that can know
// better may have anything to do with it.
void SimWorld::disaster() {
  if (is_faulty() || !drain() || !strike()) return;
  for (std::uint64_t step = 0; step < kDisasterSteps && !is_faulty(); ++step) {
    clock_.sleep(std::chrono::milliseconds(1));
    SimReplica& replica = any_replica();
    if (knows_better(replica)) {
      replica.act(crash_chance_);
    } else {
      replica.commit();
    }
    for (std::uint64_t events = random_.below(12); events > 0 && scheduler_.step(); --events) {
    }
  }
  drain();
  remote_.restore();
}

bool SimWorld::strike() {
  const std::uint64_t last = remote_.sequence();
  if (last < 2) return false;
  switch (random_.below(6)) {
    case 0:
      remote_.wipe();
      return true;
    case 1:
      if (!keeps_history_) return false;
      remote_.roll_back(1 + random_.below(last - 1));
      return true;
    case 2:
      remote_.poison(unsound_root());
      return true;
    default:
      return false;
  }
}

/// Something that is no tree, but sometimes looks like one.
Block SimWorld::unsound_root() {
  const auto block = remote_.blocks().get_one(remote_.head().root());
  Bytes bytes = "this is no node";
  if (!block || !*block) return Block::of(std::move(bytes));
  const auto node = Node::parse(**block);
  if (node && !(*node)->is_leaf()) {
    bytes = Bytes((*block)->bytes());
    const auto at = static_cast<std::size_t>(random_.below(bytes.size()));
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_.below(8)));
  }
  return Block::of(std::move(bytes));
}

bool SimWorld::knows_better(const SimReplica& replica) {
  switch (remote_.condition()) {
    case SimRemote::Condition::sound:
      return true;
    case SimRemote::Condition::wiped:
      return replica.has_seen_head();
    case SimRemote::Condition::rolled_back:
      return replica.last_sequence() > remote_.sequence();
    case SimRemote::Condition::poisoned:
      // A partial replica adopts a head that it has not looked into.
      return !replica.is_partial();
  }
  return false;
}

bool SimWorld::drain() {
  for (std::size_t events = 0; events < kEventsMax; ++events) {
    if (!scheduler_.step()) return true;
  }
  note("the world does not come to rest");
  return false;
}

void SimWorld::heal() {
  network_.faults = {};
  for (auto& replica : replicas_) replica->heal();
  drain();
}

void SimWorld::settle_all() {
  for (auto& replica : replicas_) {
    if (!settle(*replica)) note("a replica cannot synchronize over a network without faults");
  }
}

bool SimWorld::settle(SimReplica& replica) {
  for (std::size_t attempt = 0; attempt < 2; ++attempt) {
    replica.start(SimSession::Kind::pull);
    if (!drain()) return false;
    replica.start(SimSession::Kind::push);
    if (!drain()) return false;
    if (is_faulty()) return true;
    if (replica.last_push_settled()) return true;
  }
  return false;
}

// At no moment may the head name a tree that is not there as a whole.
void SimWorld::check_remote(const Revision& head) {
  if (head.is_zero()) return;
  NodeSource source(remote_.blocks(), 0);
  const auto report = verify_tree(source, head.root());
  if (!report) return note("the remote's tree cannot be read: " + report.error().message);
  if (!report->sound()) note("the remote accepted " + head.hex() + ", whose tree is not complete");
}

void SimWorld::check_end() {
  const Model::Contents contents = replicas_.front()->contents();
  for (auto& replica : replicas_) check_end(*replica, contents);
  if (is_faulty()) return;
  const auto verified = replicas_.front()->repository().verify();
  if (!verified || !verified->sound()) note("verify finds a fault in a replica");
  NodeSource source(remote_.blocks());
  if (const auto summary = summarize_tree(source, remote_.head().root()))
    deep_ = summary->depth >= 3;
  if (root_of(contents) != remote_.head().root())
    note("the root is not the one that a build from the entries gives");
  const bool deletions_hold = keeps_history_ || counts().replicas.ambiguous == 0;
  for (const std::string& fault : model_.faults(contents, deletions_hold)) note(fault);
}

void SimWorld::check_end(SimReplica& replica, const Model::Contents& contents) {
  const Revision head = remote_.head();
  if (replica.current() != head) note("a replica ended at another root than the remote");
  if (head.is_zero()) return;
  if (replica.is_partial()) {
    if (replica.contents() != contents) note("a partial replica reads something else");
    return;
  }
  NodeSource source(replica.store().archive(), 0);
  const auto report = verify_tree(source, head.root());
  if (!report || !report->sound()) note("a replica's tree is not sound");
}

// A change and its undoing: the old root again, and nothing that the remote lacks.
void SimWorld::check_undo() {
  const Revision before = remote_.head();
  SimReplica& replica = *replicas_.front();
  const auto write = [&](const std::optional<Bytes>& value) {
    replica.write("undo", value);
    if (!settle(replica)) note("a replica cannot publish a change");
  };
  write("1");
  const std::uint64_t sent = remote_.uploads_in_vain();
  write(std::nullopt);
  if (remote_.head() != before) note("an undone change does not give the old root");
  if (replica.last_push().uploaded != 0 || remote_.uploads_in_vain() != sent)
    note("a push sent what the remote has");
  settle_all();
}

void SimWorld::check_idle() {
  for (auto& replica : replicas_) {
    for (const auto kind : {SimSession::Kind::pull, SimSession::Kind::push}) {
      const std::uint64_t before = network_.counts().requests;
      replica->start(kind);
      drain();
      if (network_.counts().requests != before + 1) note("an idle session is not one request");
    }
  }
}

void SimWorld::note(std::string fault) {
  if (fault_.empty()) fault_ = std::move(fault);
}

bool SimWorld::is_faulty() {
  if (!remote_.fault().empty()) note(remote_.fault());
  for (auto& replica : replicas_) {
    if (!replica->fault().empty()) note(replica->fault());
  }
  return !fault_.empty();
}

WorldCounts SimWorld::counts() const {
  WorldCounts out;
  out.seeds = 1;
  out.swaps_accepted = remote_.swaps_accepted();
  out.network = network_.counts();
  for (const auto& replica : replicas_) out.replicas += replica->counts();
  out.deep_trees = deep_ ? 1 : 0;
  return out;
}

}  // namespace dialog::sim
