#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sched.h>
#include <set>
#include <string>
#include <sys/mount.h>
#include <unistd.h>
#include <vector>

#include "dialog/backends/lmdb_repository_store.hpp"
#include "dialog/backends/lmdb_server_store.hpp"
#include "lmdb_failing_disk.hpp"
#include "lmdb_workload.hpp"
#include "support/generator.hpp"
#include "support/seeds.hpp"
#include "support/subjects.hpp"
#include "support/temp_folder.hpp"

// What the store promises where the disk fails it.

namespace dialog::test {
namespace {

namespace fs = std::filesystem;

class LmdbFaults : public testing::Test {
 protected:
  std::unique_ptr<LmdbRepositoryStore> open() {
    auto store = LmdbRepositoryStore::open(folder_, ensure());
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? *std::move(store) : nullptr;
  }

  TempFolder above_{TempFolder::On::memory};
  const std::string folder_ = above_ / "repository";
  FailingDisk disk_{above_.path()};
};

TEST_F(LmdbFaults, TheNamesOfANewStoreAreDurableBeforeItIsUsed) {
  const std::string deep = above_ / "a/b";
  ASSERT_TRUE(LmdbRepositoryStore::open(deep, ensure()).has_value());
  EXPECT_THAT(disk_.synced_folders(),
              testing::IsSupersetOf({above_.path(), above_ / "a", above_ / "a/b"}));
}

TEST_F(LmdbFaults, NamesThatSomebodyElseMadeAreDurableBeforeTheyAreUsed) {
  open().reset();
  const std::size_t before = disk_.synced_folders().size();
  ASSERT_NE(open(), nullptr);
  const auto& all = disk_.synced_folders();
  const std::vector<std::string> after(all.begin() + static_cast<std::ptrdiff_t>(before),
                                       all.end());
  EXPECT_THAT(after, testing::IsSupersetOf({above_.path(), folder_}));
}

TEST_F(LmdbFaults, NothingIsAcknowledgedAfterAFailedSyncUntilReopened) {
  auto store = open();
  ASSERT_TRUE(commit(*store, 0).value());
  // The calls of a commit: the pages, the sync, the first page.
  disk_.fail_at(2, DiskFault::io_error, false);
  const auto failed = commit(*store, 1);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::storage_failed);
  EXPECT_THAT(failed.error().message, testing::HasSubstr("opened again"));
  const auto next = store->heads().commit({});
  ASSERT_FALSE(next.has_value());
  EXPECT_EQ(next.error().code, ErrorCode::storage_failed);
  EXPECT_EQ(store->archive().flush().error().code, ErrorCode::storage_failed);
  EXPECT_EQ(store->archive().remove(std::vector{block_of(0).hash()}).error().code,
            ErrorCode::storage_failed);
  EXPECT_TRUE(store->heads().read("record/0").value().has_value()) << "reads go on";
  EXPECT_FALSE(store->heads().read("record/1").value().has_value());
  store.reset();
  store = open();
  expect_whole(*store, 0);
  EXPECT_TRUE(commit(*store, 1).value());
}

TEST_F(LmdbFaults, AFullDiskRefusesWritesServesReadsAndRecoversByItself) {
  auto store = open();
  ASSERT_TRUE(commit(*store, 0).value());
  disk_.fail_at(1, DiskFault::full, true);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto refused = commit(*store, 1);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
    EXPECT_TRUE(store->archive().get_one(block_of(0).hash()).value().has_value());
    EXPECT_TRUE(store->archive().get_one(block_of(1).hash()).value().has_value())
        << "what was put stays visible";
    EXPECT_TRUE(store->heads().read("record/0").value().has_value());
    EXPECT_FALSE(store->heads().read("record/1").value().has_value());
  }
  disk_.heal();
  EXPECT_TRUE(commit(*store, 1).value());
  store.reset();
  store = open();
  expect_whole(*store, 1);
}

TEST_F(LmdbFaults, AFailedSwapIsNotShownAsAccepted) {
  auto store = LmdbServerStore::open(folder_, ensure()).value();
  const Subject subject = subject_named("one");
  const Register::Swap swap{revision_number(0), revision_number(1), {}, "", false};
  for (const DiskFault fault : {DiskFault::full, DiskFault::io_error}) {
    disk_.fail_at(1, fault, true);
    const auto outcome = store->head_register().swap(subject, swap, {});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code,
              fault == DiskFault::full ? ErrorCode::storage_full : ErrorCode::storage_failed);
    EXPECT_EQ(store->head_register().read(subject, {}).value(), std::nullopt);
  }
}

TEST_F(LmdbFaults, AServersStoreTellsThatOnlyOpeningItAgainHelps) {
  auto store = LmdbServerStore::open(folder_, ensure()).value();
  const Subject subject = subject_named("one");
  const Register::Swap swap{revision_number(0), revision_number(1), {}, "", false};
  disk_.fail_at(1, DiskFault::full, true);
  ASSERT_FALSE(store->head_register().swap(subject, swap, {}).has_value());
  EXPECT_TRUE(store->check_writable().has_value()) << "there may be room again";
  // The calls of a commit: the pages, the sync.
  disk_.fail_at(2, DiskFault::io_error, false);
  ASSERT_FALSE(store->head_register().swap(subject, swap, {}).has_value());
  ASSERT_FALSE(store->check_writable().has_value());
  EXPECT_EQ(store->check_writable().error().code, ErrorCode::storage_failed);
  EXPECT_FALSE(store->head_register().swap(subject, swap, {}).has_value());
  EXPECT_EQ(store->head_register().read(subject, {}).value(), std::nullopt) << "reads go on";
  store.reset();
  store = LmdbServerStore::open(folder_, ensure()).value();
  EXPECT_TRUE(store->check_writable().has_value());
  EXPECT_TRUE(store->head_register().swap(subject, swap, {}).has_value());
}

TEST_F(LmdbFaults, NoFailedCallLosesWhatWasAcknowledged) {
  constexpr int kCommits = 8;
  int points = 0;
  for (const DiskFault fault : {DiskFault::io_error, DiskFault::full, DiskFault::short_write}) {
    for (const bool forever : {false, true}) {
      bool hit = true;
      for (int call = 1; hit; ++call, ++points) {
        SCOPED_TRACE("call " + std::to_string(call) + ", fault " +
                     std::to_string(static_cast<int>(fault)) + (forever ? ", forever" : ""));
        fs::remove_all(folder_);
        int acknowledged = -1;
        disk_.fail_at(call, fault, forever);
        if (auto store = LmdbRepositoryStore::open(folder_, ensure()); store) {
          bool sync_may_have_failed = false;
          for (int number = 0; number < kCommits; ++number) {
            const auto done = commit(**store, number);
            if (done) {
              EXPECT_TRUE(*done);
              EXPECT_FALSE(sync_may_have_failed);
              acknowledged = number;
              continue;
            }
            sync_may_have_failed |= done.error().code != ErrorCode::storage_full;
            --number;
            if (forever || sync_may_have_failed) break;
          }
        }
        hit = disk_.has_failed();
        disk_.heal();
        const auto store = LmdbRepositoryStore::open(folder_, ensure());
        ASSERT_TRUE(store.has_value()) << store.error().message;
        expect_whole(**store, acknowledged);
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(points, 6 * 3 * kCommits) << "too few calls were hit";
}

/// The file as a power cut leaves it after the first `count` events: what was synced, and of the
/// rest what chance decides, each write whole, not at all, or torn between sectors.
std::string after_power_cut(std::string file, const std::vector<DiskEvent>& events,
                            std::size_t count, Generator& chance, int survivors_in_four) {
  std::size_t last_sync = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (events[i].kind == DiskEvent::Kind::sync) last_sync = i;
  }
  constexpr std::size_t kSector = 512;
  for (std::size_t i = 0; i < count; ++i) {
    const DiskEvent& event = events[i];
    if (event.kind != DiskEvent::Kind::write) continue;
    std::size_t survives = event.bytes.size();
    // A write that waits for the disk is durable only once it is over.
    if (i > last_sync && !(event.durable && i + 1 < count)) {
      if (!chance.chance(static_cast<std::uint64_t>(survivors_in_four), 4)) continue;
      if (chance.chance(1, 2)) survives = chance.below(survives / kSector + 1) * kSector;
    }
    if (survives == 0) continue;
    file.resize(std::max(file.size(), event.offset + survives));
    file.replace(event.offset, survives, event.bytes, 0, survives);
  }
  return file;
}

TEST_F(LmdbFaults, APowerCutAtAnyMomentLosesNothingAcknowledged) {
  constexpr int kCommits = 24;
  auto store = open();
  const std::string data = folder_ + "/data.mdb";
  std::ifstream in(data, std::ios::binary);
  const std::string at_first(std::istreambuf_iterator<char>(in), {});
  disk_.record(data);
  for (int number = 0; number < kCommits; ++number) {
    ASSERT_TRUE(commit(*store, number).value());
    disk_.mark(number);
  }
  store.reset();
  const std::vector<DiskEvent> events = disk_.events();
  ASSERT_GE(events.size(), static_cast<std::size_t>(4 * kCommits)) << "writes were not seen";

  const std::string cut = above_ / "cut";
  int states = 0;
  int acknowledged = -1;
  for (std::size_t count = 0; count <= events.size(); ++count) {
    if (count > 0 && events[count - 1].kind == DiskEvent::Kind::mark) {
      acknowledged = events[count - 1].mark;
    }
    for (int survivors = 0; survivors <= 4; survivors += 2, ++states) {
      Generator chance(count * 8 + static_cast<std::size_t>(survivors));
      fs::remove_all(cut);
      fs::create_directory(cut);
      std::ofstream(cut + "/data.mdb", std::ios::binary)
          << after_power_cut(at_first, events, count, chance, survivors);
      SCOPED_TRACE("after event " + std::to_string(count) + ", survivors " +
                   std::to_string(survivors));
      const auto reopened = LmdbRepositoryStore::open(cut);
      ASSERT_TRUE(reopened.has_value()) << reopened.error().message;
      expect_whole(**reopened, acknowledged);
      if (HasFailure()) return;
    }
  }
  EXPECT_GE(states, 200);
}

/// A file system of 2 MiB for the thread that makes it; nobody else sees it, and it ends with the
/// process.
void mount_small_disk(const std::string& folder) {
  int namespaces = CLONE_NEWNS;
  if (geteuid() != 0) namespaces |= CLONE_NEWUSER;
  ASSERT_EQ(unshare(namespaces), 0)
      << "this test mounts a small file system, as root or in a user namespace: "
      << strerror(errno);
  ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << strerror(errno);
  ASSERT_EQ(mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=2M"), 0) << strerror(errno);
}

TEST(LmdbFullDisk, RefusesWritesServesReadsAndRecovers) {
  TempFolder above;
  ASSERT_NO_FATAL_FAILURE(mount_small_disk(above.path()));
  {
    auto store = LmdbRepositoryStore::open(above / "repository", ensure()).value();
    int next = 0;
    Result<bool> done = true;
    while (done.has_value()) {
      done = commit(*store, next);
      if (done) ++next;
      ASSERT_LT(next, 1000);
    }
    EXPECT_EQ(done.error().code, ErrorCode::storage_full) << done.error().message;
    EXPECT_GT(next, 100);
    for (int number = 0; number < next; ++number) {
      EXPECT_TRUE(store->archive().get_one(block_of(number).hash()).value().has_value());
    }
    EXPECT_EQ(commit(*store, next).error().code, ErrorCode::storage_full) << "and goes on so";

    store.reset();
    store = LmdbRepositoryStore::open(above / "repository").value();
    expect_whole(*store, next - 1);

    ASSERT_EQ(mount(nullptr, above.path().c_str(), nullptr, MS_REMOUNT, "size=4M"), 0);
    EXPECT_TRUE(commit(*store, next).value()) << "there is room again";
  }
  umount2(above.path().c_str(), MNT_DETACH);
}

TEST(LmdbFullDisk, AWriteThatItCutsShortIsNoDamage) {
  TempFolder above;
  ASSERT_NO_FATAL_FAILURE(mount_small_disk(above.path()));
  {
    auto store = LmdbRepositoryStore::open(above / "repository", ensure()).value();
    ASSERT_TRUE(commit(*store, 0).value());
    std::vector<Block> many;
    std::vector<Hash> hashes;
    for (int i = 0; i < 20; ++i) {
      many.push_back(Block::of(std::to_string(i) + std::string(200'000, 'x')));
      hashes.push_back(many.back().hash());
    }
    ASSERT_TRUE(store->archive().put(many).has_value());
    const auto flushed = store->archive().flush();
    ASSERT_FALSE(flushed.has_value());
    EXPECT_EQ(flushed.error().code, ErrorCode::storage_full) << flushed.error().message;
    EXPECT_EQ(store->archive().has(hashes).value(), std::vector<bool>(hashes.size(), true))
        << "what was put stays visible";

    ASSERT_EQ(mount(nullptr, above.path().c_str(), nullptr, MS_REMOUNT, "size=16M"), 0);
    EXPECT_TRUE(store->archive().flush().has_value()) << "there is room again";
    expect_whole(*store, 0);
  }
  umount2(above.path().c_str(), MNT_DETACH);
}

TEST(LmdbFullDisk, CannotCreateAStoreAndSaysWhy) {
  TempFolder above;
  ASSERT_NO_FATAL_FAILURE(mount_small_disk(above.path()));
  std::ofstream(above / "filler") << std::string(3'000'000, 'x');
  const auto store = LmdbRepositoryStore::open(above / "repository", ensure());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, ErrorCode::storage_full) << store.error().message;
  fs::remove(above / "filler");
  EXPECT_TRUE(LmdbRepositoryStore::open(above / "repository", ensure()).has_value());
  umount2(above.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace dialog::test
