#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/sync/push_session.hpp"
#include "support/seeds.hpp"
#include "unit/replica_fixture.hpp"

namespace dialog::test {
namespace {

Answer serve(TestRemote& remote, const FetchHead&) {
  const auto record = remote.head_register.read(remote.subject, {}).value();
  if (!record) return HeadAbsent{};
  return HeadIs{{record->revision, record->sequence}};
}
Answer serve(TestRemote& remote, const FetchHistory& ask) {
  return HistoryIs{remote.head_register.history(remote.subject, ask.after, 1000, {}).value()};
}
Answer serve(TestRemote& remote, const FetchBlocks& ask) {
  return BlocksAre{remote.stored.get(ask.hashes).value()};
}
Answer serve(TestRemote& remote, const AskPresent& ask) {
  return PresenceIs{remote.stored.has(ask.hashes).value()};
}
Answer serve(TestRemote& remote, const UploadBlocks& upload) {
  EXPECT_TRUE(remote.stored.put(upload.blocks).has_value());
  return Uploaded{};
}
Answer serve(TestRemote& remote, const SwapHead& ask) {
  const auto outcome =
      remote.head_register
          .swap(remote.subject, {ask.expected, ask.desired, WallTime{0}, {}, false}, {})
          .value();
  if (const auto* accepted = std::get_if<Register::Accepted>(&outcome))
    return SwapAccepted{{accepted->record.revision, accepted->record.sequence}};
  const auto& actual = std::get<Register::Refused>(outcome).actual;
  if (!actual) return SwapRefused{};
  return SwapRefused{Head{actual->revision, actual->sequence}};
}
template <class Other>
Answer serve(TestRemote&, const Other&) {
  return Failed{};
}

/// One process that pushes or pulls, one action at a time.
struct Process {
  std::unique_ptr<LocalSession> local;
  std::variant<PushSession, PullSession> session;
  /// The request whose reply it waits for; 0: none.
  std::uint64_t request = 0;

  const Action& next() const {
    return std::visit([](const auto& each) -> const Action& { return each.next(); }, session);
  }
  void supply(Answer answer) {
    request = 0;
    std::visit([&](auto& each) { each.supply(std::move(answer)); }, session);
  }
  std::optional<Error> error() const {
    return std::visit(
        [](const auto& each) -> std::optional<Error> {
          if (each.outcome()) return std::nullopt;
          return each.outcome().error();
        },
        session);
  }
};

/// Several processes that push and pull one branch, over a network that delays, loses and repeats,
/// and a peer that deletes what they publish.
class Office {
 public:
  explicit Office(Generator& generator) : generator_(generator) {}

  void step() {
    switch (generator_.below(100)) {
      case 0:
        return commit();
      case 1:
        return peer_acts();
      case 2:
      case 3:
        return patience_ends();
      case 4:
        return process_dies();
      default:
        return something_happens();
    }
  }

  void expect_agreement() {
    processes_.clear();
    while (!requests_.empty()) request_arrives(0);
    for (Device* device : {&device_, &peer_, &device_}) {
      const auto synced = device->repository().sync("main", remote_.connection());
      ASSERT_TRUE(synced.has_value()) << synced.error().message;
    }
    EXPECT_EQ(device_.current(), peer_.current());
    for (const std::string& key : added_)
      EXPECT_EQ(device_.get(key).has_value(), !deleted_.contains(key)) << key;
  }

  std::size_t shared_swaps() const { return shared_swaps_; }

 private:
  static constexpr std::size_t kProcessesMax = 3;

  struct Request {
    std::uint64_t number;
    Action action;
  };
  struct Reply {
    std::uint64_t number;
    Answer answer;
  };

  template <class Element>
  static void remove(std::vector<Element>& from, std::size_t i) {
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
  }

  void commit() {
    added_.push_back("mine/" + std::to_string(added_.size()));
    device_.put(added_.back(), "1");
  }

  /// Often all at once, so that they push the same revision.
  void start_some() {
    start();
    while (processes_.size() < kProcessesMax && generator_.chance(1, 2)) start();
  }

  void start() {
    auto local = std::make_unique<LocalSession>(
        device_->begin_session("main", "origin", {"test", {}}).value());
    const SyncInput input = local->input();
    if (generator_.chance(3, 4)) {
      processes_.push_back({std::move(local), PushSession(input)});
    } else {
      processes_.push_back({std::move(local), PullSession(input)});
    }
  }

  /// A session begins or goes on, or a message arrives.
  void something_happens() {
    if (processes_.size() < kProcessesMax && generator_.chance(1, 6)) return start_some();
    std::size_t choice =
        generator_.below(processes_.size() + requests_.size() + replies_.size() + 1);
    if (choice-- == 0) return;
    if (choice < processes_.size()) return act(choice);
    choice -= processes_.size();
    if (choice < requests_.size()) return request_arrives(choice);
    reply_arrives(choice - requests_.size());
  }

  void act(std::size_t i) {
    Process& process = processes_[i];
    if (process.request != 0) return;
    const Action action = process.next();
    if (std::holds_alternative<Finished>(action)) {
      if (const auto error = process.error()) {
        EXPECT_TRUE(error->code == ErrorCode::timeout || error->code == ErrorCode::indeterminate)
            << error->message;
      }
      remove(processes_, i);
    } else if (const auto* commit_state = std::get_if<CommitState>(&action)) {
      process.supply(process.local->commit(*commit_state));
      for (const SwapIntent& intent : device_.tracking().intents)
        if (intent.requests > 1) ++shared_swaps_;
    } else {
      process.request = ++count_;
      requests_.push_back({process.request, action});
    }
  }

  void request_arrives(std::size_t i) {
    const Request request = requests_[i];
    if (!generator_.chance(1, 10)) remove(requests_, i);
    if (generator_.chance(1, 20)) return;
    Answer answer =
        std::visit([this](const auto& each) { return serve(remote_, each); }, request.action);
    if (!generator_.chance(1, 10)) replies_.push_back({request.number, std::move(answer)});
  }

  void reply_arrives(std::size_t i) {
    Reply reply = std::move(replies_[i]);
    remove(replies_, i);
    for (Process& process : processes_) {
      if (process.request == reply.number) return process.supply(std::move(reply.answer));
    }
  }

  void patience_ends() {
    if (processes_.empty()) return;
    Process& process = processes_[generator_.below(processes_.size())];
    if (process.request == 0) return;
    if (std::holds_alternative<SwapHead>(process.next())) {
      process.supply(SwapUnknown{});
    } else {
      process.supply(Failed{Error{ErrorCode::timeout, "no answer in time", {}}});
    }
  }

  void process_dies() {
    if (processes_.empty()) return;
    remove(processes_, generator_.below(processes_.size()));
  }

  void peer_acts() {
    ASSERT_TRUE(peer_->sync("main", remote_.connection()).has_value());
    // No root ever comes back.
    peer_.put("peer/" + std::to_string(count_++), "1");
    for (const std::string& key : added_) {
      if (!deleted_.contains(key) && peer_.get(key) && generator_.chance(1, 2)) {
        peer_.erase(key);
        deleted_.insert(key);
      }
    }
    ASSERT_TRUE(peer_->sync("main", remote_.connection()).has_value());
  }

  Generator& generator_;
  TestRemote remote_;
  Device device_;
  Device peer_;
  std::vector<Process> processes_;
  std::vector<Request> requests_;
  std::vector<Reply> replies_;
  std::uint64_t count_ = 0;
  std::vector<std::string> added_;
  std::set<std::string> deleted_;
  std::size_t shared_swaps_ = 0;
};

// What a peer deletes stays deleted and everything else is kept, whatever the processes of one
// branch hear of each other's swaps.
TEST(SyncSessions, OfOneBranchLoseNothingAndBringNothingBack) {
  std::size_t shared_swaps = 0;
  for_each_seed(2'000, [&](Generator& generator) {
    Office office(generator);
    for (int step = 0; step < 500; ++step) office.step();
    office.expect_agreement();

    shared_swaps += office.shared_swaps();
  });
  EXPECT_GT(shared_swaps, 100U) << "too few swaps were sent by several sessions to show anything";
}

}  // namespace
}  // namespace dialog::test
