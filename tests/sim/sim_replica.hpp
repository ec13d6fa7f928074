#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/replica/repository.hpp"
#include "model.hpp"
#include "sim_remote.hpp"
#include "sim_session.hpp"
#include "sim_store.hpp"

namespace dialog::sim {

struct ReplicaCounts {
  std::uint64_t commits = 0;
  std::uint64_t crashes = 0;
  std::uint64_t pushes_accepted = 0;
  std::uint64_t pushes_rejected = 0;
  std::uint64_t partial_pushes_accepted = 0;
  std::uint64_t merges = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t fast_forwards = 0;
  std::uint64_t failed_sessions = 0;
  std::uint64_t shared_swaps = 0;  ///< requests for a swap that another session had sent, too
  std::uint64_t resets_noticed = 0;
  std::uint64_t rollbacks_noticed = 0;
  std::uint64_t faults_of_trees_noticed = 0;
  std::uint64_t ambiguous = 0;
  std::uint64_t collections = 0;
  std::uint64_t together = 0;  ///< commits that began while another one waited for the disk
  std::uint64_t pending = 0;   ///< commits after which something was in no tree yet
  ReplicaCounts& operator+=(const ReplicaCounts& other);
};

/// One device: a repository on its own disk, sessions with the remote, commits in between.
class SimReplica {
 public:
  struct Surroundings {
    SeededRandom& random;
    SimNetwork& network;
    SimRemote& remote;
    Model& model;
    Clock& clock;
  };
  struct Options {
    std::string name;
    bool is_partial = false;
    /// In 1,000: how many of the blocks' answers are tampered with.
    std::uint64_t tampered = 0;
  };

  SimReplica(Options options, const Surroundings& around);

  /// One random step: a commit, the start of a session, a collection of garbage, a power cut.
  void act(std::uint64_t crash_chance);
  /// A commit of random changes.
  void commit();
  /// A commit of one change, without a value a deletion, that the model does not know of.
  void write(const Bytes& key, const std::optional<Bytes>& value);

  /// Starts a session unless too many run.
  void start(SimSession::Kind kind);
  /// From now on nobody tampers with anything.
  void heal();
  void crash();

  [[nodiscard]] bool is_partial() const { return options_.is_partial; }
  /// Whether a session told it of a head, and the greatest number that one told.
  [[nodiscard]] bool has_seen_head() const { return has_seen_head_; }
  [[nodiscard]] std::uint64_t last_sequence() const { return last_sequence_; }
  /// Whether the last push was accepted or had nothing to do.
  [[nodiscard]] bool last_push_settled() const { return last_push_settled_; }
  /// What the last push moved that succeeded.
  [[nodiscard]] const BlockTraffic& last_push() const { return last_push_; }
  [[nodiscard]] SimStore& store() { return store_; }
  [[nodiscard]] Repository& repository() { return *repository_; }
  [[nodiscard]] Revision current();
  [[nodiscard]] Model::Contents contents();
  [[nodiscard]] const ReplicaCounts& counts() const { return counts_; }
  /// The first thing that should never happen; empty where nothing did.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  using Edits = std::map<Bytes, std::optional<Bytes>>;

  /// One of several commits that are on their way at the same time.
  struct Tried {
    Model::Commit plan = {};
    std::uint64_t base = 0;  ///< the version that it began from
    std::optional<Error> error = {};
  };

  void open();
  void try_commit();
  void plan_edits(Model::Commit& plan, Edits& shared, Transaction& transaction);
  void collect_garbage();
  void answer(std::uint64_t number, Answer answer);
  void advance(std::uint64_t number);
  void finish(const SimSession& session);
  void finish(const PullOutcome& outcome);
  void finish(const PushOutcome& outcome);
  void note_failure(const Error& error);
  void note_head(const std::optional<Head>& head);
  void note_fault(std::string what);
  template <class Change>
  auto change(Change&& make);

  Options options_;
  Surroundings around_;
  SimStore store_;
  std::optional<Repository> repository_;
  /// Those of a process that is dead are gone, and answers to them go nowhere.
  std::map<std::uint64_t, std::unique_ptr<SimSession>> sessions_;
  std::uint64_t session_count_ = 0;
  std::uint64_t next_marker_ = 0;
  OpenRepository opening_;
  std::vector<Tried> tried_;
  /// The store's changes that were made on purpose.
  std::uint64_t accounted_changes_ = 0;
  bool has_seen_head_ = false;
  std::uint64_t last_sequence_ = 0;
  bool last_push_settled_ = false;
  BlockTraffic last_push_;
  ReplicaCounts counts_;
  std::string fault_;
};

}  // namespace dialog::sim
