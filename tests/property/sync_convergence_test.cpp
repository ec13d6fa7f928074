#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/seeds.hpp"
#include "unit/replica_fixture.hpp"

namespace dialog::test {
namespace {

/// Some devices and a remote that loses requests and answers, all driven by one seed.
class Cluster {
 public:
  explicit Cluster(Generator& generator) : generator_(generator) {
    remote_.backend.plan().tells_sequence = generator.chance(2, 3);
    remote_.backend.plan().keeps_history = generator.chance(1, 2);
    const std::size_t count = static_cast<std::size_t>(generator.between(2, 3));
    for (std::size_t i = 0; i < count; ++i) {
      CreateRepository create;
      OpenRepository open;
      create.partial = generator.chance(1, 3);
      if (create.partial) open.read_through = &remote_.stored;
      open.transaction_bytes_max = generator.chance(1, 2) ? 1'000 : 1'000'000;
      devices_.push_back(std::make_unique<Device>(create, open));
    }
  }

  std::size_t size() const { return devices_.size(); }
  Device& device(std::size_t i) { return *devices_[i]; }
  TestRemote& remote() { return remote_; }

  /// Faults of the network, until `heal`.
  void shake() {
    auto& plan = remote_.backend.plan();
    plan.loses_request = [this] { return generator_.chance(1, 5); };
    plan.loses_answer = [this] { return generator_.chance(1, 4); };
  }
  void heal() {
    auto& plan = remote_.backend.plan();
    plan.loses_request = {};
    plan.loses_answer = {};
  }

  /// Pulls, pushes or both; sometimes the process dies in the middle of it.
  void synchronize(Device& device) {
    CancelSource cancel;
    SyncOptions options;
    options.context.cancel = cancel.token();
    std::uint64_t left = generator_.chance(1, 4) ? generator_.below(8) : 1'000'000;
    options.on_progress = [&](const SyncStats&) {
      if (left-- == 0) cancel.cancel();
    };
    const RemoteConnection connection = remote_.connection();
    switch (generator_.below(4)) {
      case 0:
        expect_known(device->pull("main", connection, options));
        break;
      case 1:
        expect_known(device->push("main", connection, options));
        break;
      case 2:
        expect_known(device->fetch("main", connection, options));
        break;
      default:
        expect_known(device->sync("main", connection, options));
        break;
    }
    if (!generator_.chance(1, 10)) return;
    EXPECT_TRUE(device->collect_garbage().has_value());
  }

  /// Three rounds without faults; then all must have the same revision.
  void expect_convergence() {
    heal();
    for (int round = 0; round < 3; ++round) {
      for (const auto& device : devices_) {
        const auto synced = device->repository().sync("main", remote_.connection());
        ASSERT_TRUE(synced.has_value()) << synced.error().message;
      }
    }
    for (const auto& device : devices_) {
      EXPECT_EQ(device->current(), remote_.revision());
      EXPECT_TRUE(device->tracking().intents.empty());
      const auto report = device->repository().verify();
      ASSERT_TRUE(report.has_value());
      EXPECT_TRUE(report->sound())
          << report->faults.front().where << ": " << report->faults.front().error.message;
    }
  }

 private:
  template <class Report>
  void expect_known(const Result<Report>& report) {
    if (report) return;
    const ErrorCode code = report.error().code;
    EXPECT_TRUE(code == ErrorCode::cancelled || code == ErrorCode::indeterminate)
        << report.error().message;
  }

  Generator& generator_;
  TestRemote remote_;
  std::vector<std::unique_ptr<Device>> devices_;
};

void edit(Generator& generator, Device& device, Model& model, const std::string& prefix) {
  std::vector<KeyEdit> edits;
  const std::size_t count = static_cast<std::size_t>(generator.between(1, 6));
  for (std::size_t i = 0; i < count; ++i) {
    KeyEdit change{prefix + std::to_string(generator.below(40)), std::nullopt};
    if (generator.chance(2, 3)) change.value = generator.value(2'000);
    edits.push_back(change);
  }
  dialog::test::apply(model, edits);
  device.edit([&](Transaction& transaction) -> Result<void> {
    for (const KeyEdit& each : edits) {
      DIALOG_TRY(each.value ? transaction.put(each.key, *each.value) : transaction.erase(each.key));
    }
    return {};
  });
}

// Each key has one device that writes it, so that nothing is ever in conflict: what every device
// wrote last must be there in the end, and what it deleted must not, whatever was lost on the way.
TEST(SyncConvergence, KeepsTheLastWriteOfEveryKeyWithoutConflicts) {
  std::size_t unsettled = 0;
  for_each_seed(150, [&](Generator& generator) {
    Cluster cluster(generator);
    cluster.shake();
    std::vector<Model> models(cluster.size());
    for (int step = 0; step < 40; ++step) {
      const std::size_t i = static_cast<std::size_t>(generator.below(cluster.size()));
      if (generator.chance(1, 2)) {
        edit(generator, cluster.device(i), models[i], "d" + std::to_string(i) + "/");
      } else {
        cluster.synchronize(cluster.device(i));
        unsettled += cluster.device(i).tracking().intents.size();
      }
      for (const auto& [key, value] : models[i]) {
        const std::optional<Bytes> found = cluster.device(i).get(key);
        ASSERT_TRUE(found.has_value()) << key << " at step " << step;
        ASSERT_EQ(*found, value) << key << " at step " << step;
      }
    }
    cluster.expect_convergence();
    Model all;
    for (const Model& model : models) all.insert(model.begin(), model.end());
    EXPECT_EQ(cluster.device(0).entries(), all);
  });
  EXPECT_GT(unsettled, 20U) << "too few answers were lost to show anything";
}

// Everybody writes the same keys: which write wins is the policy's business, but all must agree,
// and every value must be one that somebody wrote.
TEST(SyncConvergence, EndsInOneRevisionUnderConflicts) {
  std::uint64_t conflicts = 0;
  for_each_seed(80, [&](Generator& generator) {
    Cluster cluster(generator);
    cluster.shake();
    std::set<std::pair<Bytes, Bytes>> written;
    for (int step = 0; step < 40; ++step) {
      Device& device = cluster.device(static_cast<std::size_t>(generator.below(cluster.size())));
      if (generator.chance(1, 2)) {
        Model model;
        edit(generator, device, model, "k/");
        written.insert(model.begin(), model.end());
      } else {
        cluster.synchronize(device);
      }
    }
    cluster.heal();
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      const auto synced = cluster.device(i)->sync("main", cluster.remote().connection());
      ASSERT_TRUE(synced.has_value()) << synced.error().message;
      conflicts += synced->pull.merge.conflicts();
    }
    cluster.expect_convergence();
    for (const auto& entry : cluster.device(0).entries())
      EXPECT_TRUE(written.contains(entry)) << entry.first;
  });
  EXPECT_GT(conflicts, 20U) << "too few conflicts to show anything";
}

// Several repositories over one store, as several processes would have it.
TEST(SyncConvergence, OfTwoRepositoriesOverOneStoreLosesNothing) {
  for_each_seed(40, [&](Generator& generator) {
    TestRemote remote;
    Device device;
    Device peer;
    auto other = Repository::open(device.store(), device.clock()).value();
    std::size_t commits = 0;
    const auto commit = [&](Repository& repository) {
      const std::string key = "commit/" + std::to_string(++commits);
      ASSERT_TRUE(
          repository.transact("main", [&](Transaction& t) { return t.put(key, "1"); }).has_value());
    };
    for (int step = 0; step < 25; ++step) {
      Repository& repository = generator.chance(1, 2) ? device.repository() : other;
      Repository& twin = &repository == &other ? device.repository() : other;
      if (generator.chance(1, 3)) peer.put("peer/" + std::to_string(step), "1");
      if (generator.chance(1, 3)) {
        ASSERT_TRUE(peer->sync("main", remote.connection()).has_value());
      }
      if (generator.chance(1, 2)) commit(repository);
      // While one synchronizes, the other commits and synchronizes too.
      SyncOptions options;
      options.on_progress = [&](const SyncStats& stats) {
        if (stats.round_trips() > 6) return;
        if (generator.chance(1, 3)) commit(twin);
        if (generator.chance(1, 5)) {
          ASSERT_TRUE(twin.sync("main", remote.connection()).has_value());
        }
      };
      const auto synced = repository.sync("main", remote.connection(), options);
      ASSERT_TRUE(synced.has_value()) << synced.error().message;
    }
    ASSERT_TRUE(other.sync("main", remote.connection()).has_value());
    ASSERT_TRUE(peer->sync("main", remote.connection()).has_value());
    ASSERT_TRUE(other.sync("main", remote.connection()).has_value());
    for (std::size_t i = 1; i <= commits; ++i)
      EXPECT_EQ(peer.get("commit/" + std::to_string(i)), "1") << i;
    EXPECT_EQ(peer.current(), device.current());
  });
}

}  // namespace
}  // namespace dialog::test
