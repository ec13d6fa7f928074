#include <array>
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dialog/backends/rest.hpp"
#include "process/etcd_process.hpp"
#include "process/separate_hosts.hpp"
#include "support/seeds.hpp"
#include "support/temp_folder.hpp"
#include "trial/faulty_relay.hpp"
#include "trial/served_program.hpp"
#include "trial/trial_load.hpp"

// Servers of the program that stand on one cluster of etcd, under load while their connections
// break, they are stopped and killed, and members of the cluster are killed, stopped and cut off.
// Every operation is judged.

namespace dialog::test {
namespace {

using namespace std::chrono_literals;
using Network = SeparateHosts::Network;

constexpr std::size_t kMembers = 3;
constexpr std::size_t kServers = 2;

enum class MemberFault : std::uint8_t { killed, frozen, cut_from_members, cut_from_all };
constexpr std::array kMemberFaults{MemberFault::killed, MemberFault::frozen,
                                   MemberFault::cut_from_members, MemberFault::cut_from_all};

/// A cluster whose members are on hosts of their own.
class FaultyCluster {
 public:
  [[nodiscard]] std::string address(std::size_t first) const {
    return members_.address("trial", first);
  }

  /// Absent where the member does not know one, or does not answer.
  std::optional<std::size_t> leader() {
    for (std::size_t i = 0; i < kMembers; ++i) {
      const nlohmann::json status = status_of(i);
      // Members call themselves by numbers; who leads names itself.
      if (!status.is_null() && status.at("leader") == status.at("header").at("member_id")) return i;
    }
    return std::nullopt;
  }

  void begin(MemberFault fault, std::size_t member) {
    switch (fault) {
      case MemberFault::killed:
        return members_.kill(member);
      case MemberFault::frozen:
        return members_.freeze(member);
      case MemberFault::cut_from_all:
        hosts_.cut_off(member, Network::to_program);
        [[fallthrough]];
      case MemberFault::cut_from_members:
        return hosts_.cut_off(member, Network::among_hosts);
    }
  }

  void end(MemberFault fault, std::size_t member) {
    switch (fault) {
      case MemberFault::killed:
        return members_.start(member);
      case MemberFault::frozen:
        return members_.thaw(member);
      case MemberFault::cut_from_all:
        hosts_.join(member, Network::to_program);
        [[fallthrough]];
      case MemberFault::cut_from_members:
        return hosts_.join(member, Network::among_hosts);
    }
  }

 private:
  nlohmann::json status_of(std::size_t member) {
    Context context;
    context.deadline = transport_.clock->now() + 1s;
    const HttpRequest request{"POST", members_.url_of(member) + "/v3/maintenance/status", {}, "{}"};
    const auto response = transport_.client->send(request, 65536, context);
    if (!response || response->status != 200) return nullptr;
    return nlohmann::json::parse(response->body);
  }

  const SeparateHosts hosts_{kMembers};
  EtcdProcesses members_{hosts_};
  HttpTransport transport_ = make_http_transport();
};

class EtcdTrial : public testing::Test {
 protected:
  void SetUp() override {
    static const std::optional<std::string> kWhyNot = SeparateHosts::why_not();
    if (!kWhyNot) return;
    if (std::getenv("CI") != nullptr) FAIL() << *kWhyNot;
    GTEST_SKIP() << *kWhyNot;
  }
};

TEST_F(EtcdTrial, IsLinearizableWhileServersAndMembersOfTheClusterFail) {
  const SeedInPlay seed(seeds_to_run(1).first);
  const TempFolder folder(TempFolder::On::memory);
  FaultyCluster cluster;
  FaultyRelay::Faults broken;
  std::vector<std::unique_ptr<ServedProgram>> servers;
  std::vector<std::unique_ptr<FaultyRelay>> relays;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < kServers; ++i) {
    servers.push_back(std::make_unique<ServedProgram>(
        folder / std::to_string(i), std::vector<std::string>{"--register", cluster.address(i)}));
    relays.push_back(std::make_unique<FaultyRelay>(servers[i]->port(), i, 10'000, broken));
    ports.push_back(relays[i]->port());
  }
  const std::uint64_t wanted = 5'000 * soak_scale();
  LoadOptions options = trial_load(1);
  options.readers = kServers;
  options.threads += options.readers;
  RegisterLoad load(std::move(options), clients_at(ports));
  Generator random(2);
  // A member without an answer costs seconds, whatever there is to do: many are for long runs.
  const std::uint64_t pace = soak_scale() == 1 ? 150 : 400;
  const auto goes_on = [&] { return load.wait_for_accepted(1 + random.below(pace)); };
  std::map<MemberFault, std::uint64_t> faults;
  std::uint64_t of_leader = 0;
  std::uint64_t rounds = 0;
  while (load.operations() < wanted || rounds < kMemberFaults.size()) {
    ASSERT_TRUE(goes_on()) << "the load stands still";
    const MemberFault fault = kMemberFaults[rounds % kMemberFaults.size()];
    const bool aims_at_leader = rounds / kMemberFaults.size() % 2 == 0;
    ++rounds;
    const auto leader = cluster.leader();
    const std::size_t member = aims_at_leader && leader ? *leader : random.below(kMembers);
    cluster.begin(fault, member);
    ++faults[fault];
    of_leader += leader == member ? 1 : 0;
    ASSERT_TRUE(goes_on()) << "the load stands still without member " << member;
    const ServedProgram& stopped = *servers[random.below(kServers)];
    stopped.stop();
    ASSERT_TRUE(goes_on()) << "the load stands still without a server";
    stopped.go_on();
    servers[random.below(kServers)]->restart();
    ASSERT_TRUE(goes_on()) << "the load stands still after a server has started again";
    cluster.end(fault, member);
  }
  // What was acknowledged in the last round is read by what comes after it.
  ASSERT_TRUE(load.wait_for_accepted(400)) << "the load stands still";
  load.stop();
  std::cout << load << "; members: " << faults[MemberFault::killed] << " killed, "
            << faults[MemberFault::frozen] << " stopped, " << faults[MemberFault::cut_from_members]
            << " cut off from members, " << faults[MemberFault::cut_from_all]
            << " cut off from all, " << of_leader << " of them leaders; servers: " << rounds
            << " stopped, " << rounds << " killed; " << broken << "\n";
  expect_linearizable(load, wanted / 20, wanted / 500);
  EXPECT_GE(of_leader, rounds / 3) << "too thin";
  expect_each(broken, 4 * soak_scale());
}

}  // namespace
}  // namespace dialog::test
