#include "dialog/remote/register_backend.hpp"
#include "etcd_fixture.hpp"
#include "replica_fixture.hpp"

namespace dialog::test {
namespace {

/// Devices whose remote is a register in etcd, with the blocks elsewhere: what a sync costs in
/// requests to etcd.
class EtcdSyncCost : public EtcdTest {
 protected:
  /// A process of its own, which remembers what it saw.
  struct Client {
    explicit Client(std::shared_ptr<Register> heads) : backend(std::move(heads)) {}
    Device device;
    RegisterBackend backend;
  };
  std::unique_ptr<Client> client() { return std::make_unique<Client>(open()); }
  std::uint64_t cost_of_sync(Client& client) {
    return requests_of([&] {
      const auto synced =
          client.device->sync("main", {"origin", subject_, client.backend, blocks_});
      EXPECT_TRUE(synced.has_value()) << synced.error().message;
    });
  }

  MemoryArchive blocks_;
};

TEST_F(EtcdSyncCost, OneRequestWhereThereIsNothingToDo) {
  const auto a = client();
  a->device.put("x", "1");
  cost_of_sync(*a);
  EXPECT_EQ(cost_of_sync(*a), 1U);
}

TEST_F(EtcdSyncCost, TwoRequestsToPublish) {
  const auto a = client();
  a->device.put("x", "1");
  cost_of_sync(*a);
  a->device.put("x", "2");
  EXPECT_EQ(cost_of_sync(*a), 2U);
}

TEST_F(EtcdSyncCost, ThreeRequestsToPublishForTheFirstTime) {
  const auto a = client();
  a->device.put("x", "1");
  EXPECT_EQ(cost_of_sync(*a), 3U);
}

TEST_F(EtcdSyncCost, OneRequestToTakeWhatAnotherPublished) {
  const auto a = client();
  const auto b = client();
  a->device.put("x", "1");
  cost_of_sync(*a);
  EXPECT_EQ(cost_of_sync(*b), 1U);
  EXPECT_EQ(b->device.get("x"), "1");
}

TEST_F(EtcdSyncCost, TwoRequestsToMergeAndPublish) {
  const auto a = client();
  const auto b = client();
  a->device.put("x", "1");
  cost_of_sync(*a);
  b->device.put("y", "2");
  EXPECT_EQ(cost_of_sync(*b), 2U);
}

}  // namespace
}  // namespace dialog::test
