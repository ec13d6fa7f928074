#include "sim_world.hpp"

#include <utility>

#include "dialog/tree/check.hpp"
#include "dialog/tree/read.hpp"

namespace dialog::sim {
namespace {

constexpr std::size_t kRoundsAfterHealing = 3;
constexpr std::size_t kEventsMax = 2'000'000;

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
  const std::uint64_t count = 2 + random_.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    replicas_.push_back(std::make_unique<SimReplica>(
        name, SimReplica::Surroundings{random_, network_, remote_, model_, clock_}));
    replicas_.back()->store().interrupt_commits(random_.below(30));
  }
}

std::string SimWorld::run() {
  trouble();
  heal();
  for (std::size_t round = 0; round < kRoundsAfterHealing && !is_faulty(); ++round) {
    for (auto& replica : replicas_) {
      if (!settle(*replica)) note("a replica cannot synchronize over a network without faults");
    }
  }
  if (!is_faulty()) check_end();
  return fault_;
}

void SimWorld::trouble() {
  const std::uint64_t crash_chance = random_.below(40);
  for (std::uint64_t step = 0; step < options_.steps && !is_faulty(); ++step) {
    clock_.sleep(std::chrono::milliseconds(1));
    replicas_[static_cast<std::size_t>(random_.below(replicas_.size()))]->act(crash_chance);
    for (std::uint64_t events = random_.below(12); events > 0 && scheduler_.step(); --events) {
    }
  }
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
  for (auto& replica : replicas_) replica->store().interrupt_commits(0);
  drain();
}

bool SimWorld::settle(SimReplica& replica) {
  for (std::size_t attempt = 0; attempt < 2; ++attempt) {
    replica.start_pull({});
    if (!drain()) return false;
    replica.start_push({});
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
  const Revision head = remote_.head();
  for (auto& replica : replicas_) {
    if (replica->current() != head) note("a replica ended at another root than the remote");
    NodeSource source(replica->store().archive(), 0);
    if (head.is_zero()) continue;
    const auto report = verify_tree(source, head.root());
    if (!report || !report->sound()) note("a replica's tree is not sound");
  }
  if (is_faulty()) return;
  const auto verified = replicas_.front()->repository().verify();
  if (!verified || !verified->sound()) note("verify finds a fault in a replica");
  NodeSource source(remote_.blocks());
  if (const auto summary = summarize_tree(source, head.root())) deep_ = summary->depth >= 3;
  const bool deletions_hold = keeps_history_ || counts().replicas.ambiguous == 0;
  for (const std::string& fault : model_.faults(replicas_.front()->contents(), deletions_hold))
    note(fault);
}

void SimWorld::note(std::string fault) {
  if (fault_.empty()) fault_ = std::move(fault);
}

bool SimWorld::is_faulty() {
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
