#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "dialog/base/clock.hpp"
#include "dialog/replica/local_session.hpp"
#include "dialog/replica/repository.hpp"
#include "dialog/sync/pull_session.hpp"
#include "dialog/sync/push_session.hpp"
#include "model.hpp"
#include "sim_remote.hpp"
#include "sim_store.hpp"

namespace dialog::sim {

struct ReplicaCounts {
  std::uint64_t commits = 0;
  std::uint64_t crashes = 0;
  std::uint64_t pushes_accepted = 0;
  std::uint64_t pushes_rejected = 0;
  std::uint64_t merges = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t fast_forwards = 0;
  std::uint64_t failed_sessions = 0;
  std::uint64_t ambiguous = 0;
  std::uint64_t collections = 0;
  ReplicaCounts& operator+=(const ReplicaCounts& other);
};

/// One device: a repository on its own disk, at most one session with the remote at a time, commits
/// in between.
class SimReplica {
 public:
  struct Surroundings {
    SeededRandom& random;
    SimNetwork& network;
    SimRemote& remote;
    Model& model;
    Clock& clock;
  };

  SimReplica(std::string name, const Surroundings& around);

  /// One random step: a commit, the start of a session, a collection of garbage, a power cut.
  void act(std::uint64_t crash_chance);

  /// Starts a session unless one runs; `done` is called when it has ended, with or without success.
  void start_pull(std::function<void()> done);
  void start_push(std::function<void()> done);
  [[nodiscard]] bool is_busy() const { return !std::holds_alternative<std::monostate>(session_); }
  /// Whether the last push was accepted or had nothing to do.
  [[nodiscard]] bool last_push_settled() const { return last_push_settled_; }

  void crash();
  [[nodiscard]] SimStore& store() { return store_; }
  [[nodiscard]] Repository& repository() { return *repository_; }
  [[nodiscard]] Revision current();
  [[nodiscard]] Model::Contents contents();
  [[nodiscard]] const ReplicaCounts& counts() const { return counts_; }
  /// The first thing that should never happen; empty where nothing did.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  void open();
  void commit();
  void plan_edits(Model::Commit& plan, std::map<Bytes, std::optional<Bytes>>& shared,
                  Transaction& transaction);
  bool begin(const char* what);
  void advance();
  void supply(Answer answer);
  void finish();
  void finish(const Result<PullOutcome>& outcome);
  void finish(const Result<PushOutcome>& outcome);
  void note_failure(const Error& error);
  void note_fault(std::string what);

  std::string name_;
  Surroundings around_;
  SimStore store_;
  std::optional<Repository> repository_;
  std::unique_ptr<LocalSession> local_;
  std::variant<std::monostate, PullSession, PushSession> session_;
  std::function<void()> done_;
  /// Answers to a process that is dead go nowhere.
  std::uint64_t life_ = 0;
  std::uint64_t session_number_ = 0;
  std::uint64_t next_marker_ = 0;
  std::optional<SimStore::Contents> before_session_;
  bool last_push_settled_ = false;
  ReplicaCounts counts_;
  std::string fault_;
};

}  // namespace dialog::sim
