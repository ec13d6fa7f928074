#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <lmdb.h>
#include <string>
#include <vector>

#include "dialog/backends/lmdb_repository_store.hpp"
#include "dialog/backends/lmdb_server_store.hpp"
#include "dialog/base/random.hpp"
#include "support/first_fault.hpp"
#include "support/generator.hpp"
#include "support/seeds.hpp"
#include "support/subjects.hpp"
#include "support/temp_folder.hpp"

// What may lie in a folder that is to be opened as a store.

namespace dialog::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kAdvice = "choose another folder";

LmdbOptions opening(StoreOpen open) {
  LmdbOptions options;
  options.open = open;
  return options;
}

std::string read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& name, const std::string& bytes) {
  std::ofstream(name, std::ios::binary | std::ios::trunc) << bytes;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

/// Adds some blocks of up to 100,000 bytes, or takes some of the latest away.
void change_blocks(SeededRandom& random, CollectableArchive& archive, std::vector<Hash>& kept) {
  if (kept.empty() || random.chance(1, 2)) {
    std::uint64_t count = 1 + random.below(4'000);
    std::uint64_t bytes_max = 64 + random.below(9'000);
    if (random.chance(1, 4)) {
      bytes_max = 1 + random.below(100'000);
      count = 1 + random.below(100);
    }
    std::vector<Block> blocks;
    for (; count > 0; --count) {
      Bytes bytes(8 + random.below(bytes_max), '\0');
      for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
        const std::uint64_t word = random.next();
        std::memcpy(bytes.data() + at, &word, sizeof word);
      }
      blocks.push_back(Block::of(std::move(bytes)));
      kept.push_back(blocks.back().hash());
    }
    ASSERT_TRUE(archive.put(blocks).has_value() && archive.flush().has_value());
    return;
  }
  std::uint64_t count = kept.size();
  if (!random.chance(1, 2)) count = 1 + random.below(kept.size());
  const std::vector<Hash> last(kept.end() - static_cast<std::ptrdiff_t>(count), kept.end());
  kept.resize(kept.size() - count);
  ASSERT_TRUE(archive.remove(last).has_value());
}

class LmdbFolder : public testing::Test {
 protected:
  Result<std::unique_ptr<LmdbRepositoryStore>> open(StoreOpen how = StoreOpen::existing) {
    return LmdbRepositoryStore::open(folder_, opening(how));
  }
  Error refusal(StoreOpen how = StoreOpen::existing) {
    const auto store = open(how);
    EXPECT_FALSE(store.has_value());
    return store ? Error{} : store.error();
  }
  void create() { ASSERT_TRUE(open(StoreOpen::create).has_value()); }

  /// Puts an LMDB database into the folder that only the library itself has made.
  void create_foreign(const char* table, const std::string& key, const std::string& value) {
    fs::create_directory(folder_);
    edit(table, key, value);
  }
  /// One transaction of the library itself. The list of free pages is the table without a name; it
  /// can only be read.
  template <class Body>
  void transact(unsigned flags, const char* table, Body body) {
    MDB_env* environment = nullptr;
    MDB_txn* transaction = nullptr;
    MDB_dbi handle = 0;
    ASSERT_EQ(mdb_env_create(&environment), 0);
    mdb_env_set_maxdbs(environment, 8);
    ASSERT_EQ(mdb_env_open(environment, folder_.c_str(), 0, 0600), 0);
    ASSERT_EQ(mdb_txn_begin(environment, nullptr, flags, &transaction), 0);
    if (table != nullptr) {
      ASSERT_EQ(mdb_dbi_open(transaction, table, flags == 0 ? MDB_CREATE : 0, &handle), 0);
    }
    body(transaction, handle);
    ASSERT_EQ(mdb_txn_commit(transaction), 0);
    mdb_env_close(environment);
  }
  void edit(const char* table, const std::string& key, const std::string& value) {
    transact(0, table,
             [&](MDB_txn* transaction, MDB_dbi handle) { put(transaction, handle, key, value); });
  }
  static void put(MDB_txn* transaction, MDB_dbi handle, std::string key, std::string value) {
    MDB_val at{key.size(), key.data()};
    MDB_val stored{value.size(), value.data()};
    ASSERT_EQ(mdb_put(transaction, handle, &at, &stored, 0), 0);
  }

  TempFolder above_{TempFolder::On::memory};
  const std::string folder_ = above_ / "repository";
  const std::string data_ = folder_ + "/data.mdb";
};

TEST_F(LmdbFolder, WithoutAStoreIsNotFound) {
  EXPECT_EQ(refusal().code, ErrorCode::not_found);
  EXPECT_FALSE(fs::exists(folder_));
  fs::create_directory(folder_);
  EXPECT_EQ(refusal().code, ErrorCode::not_found);
  EXPECT_TRUE(names_in(folder_).empty());
}

TEST_F(LmdbFolder, IsCreatedWithTheOnesAboveIt) {
  const std::string deep = above_ / "a/b/c/";
  ASSERT_TRUE(LmdbRepositoryStore::open(deep, opening(StoreOpen::create)).has_value());
  EXPECT_TRUE(LmdbRepositoryStore::open(deep).has_value());
}

TEST_F(LmdbFolder, HoldsTheDatabaseAndItsLockAlone) {
  create();
  EXPECT_THAT(names_in(folder_), testing::UnorderedElementsAre("data.mdb", "lock.mdb"));
}

TEST_F(LmdbFolder, IsPrivateToItsUser) {
  create();
  EXPECT_EQ(fs::status(folder_).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(data_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(LmdbFolder, CreatesOnlyOnce) {
  create();
  EXPECT_EQ(refusal(StoreOpen::create).code, ErrorCode::already_exists);
  EXPECT_TRUE(open(StoreOpen::ensure).has_value());
}

TEST_F(LmdbFolder, WithOtherFilesIsRefusedAndLeftAlone) {
  fs::create_directory(folder_);
  write_file(folder_ + "/notes.txt", "mine");
  for (const StoreOpen how : {StoreOpen::create, StoreOpen::ensure}) {
    const Error error = refusal(how);
    EXPECT_EQ(error.code, ErrorCode::already_exists);
    EXPECT_THAT(error.message, HasSubstr("notes.txt"));
  }
  EXPECT_THAT(names_in(folder_), testing::ElementsAre("notes.txt"));
}

TEST_F(LmdbFolder, ThatIsAFileIsRefused) {
  write_file(folder_, "a file");
  EXPECT_FALSE(open().has_value());
  EXPECT_FALSE(open(StoreOpen::ensure).has_value());
  EXPECT_EQ(read_file(folder_), "a file");
}

TEST_F(LmdbFolder, WithAForeignFileInThePlaceOfTheDatabaseIsRefused) {
  fs::create_directory(folder_);
  const std::string foreign = Generator(1).bytes(20'000);
  write_file(data_, foreign);
  for (const StoreOpen how : {StoreOpen::existing, StoreOpen::ensure}) {
    const Error error = refusal(how);
    EXPECT_EQ(error.code, ErrorCode::malformed);
    EXPECT_THAT(error.message, HasSubstr(data_));
    EXPECT_THAT(error.message, HasSubstr(kAdvice));
  }
  EXPECT_EQ(read_file(data_), foreign);
  EXPECT_THAT(names_in(folder_), testing::ElementsAre("data.mdb"));
}

TEST_F(LmdbFolder, WithAFolderInThePlaceOfTheDatabaseIsRefused) {
  fs::create_directories(data_);
  EXPECT_EQ(refusal().code, ErrorCode::malformed);
}

TEST_F(LmdbFolder, WithAnotherProgramsLmdbDatabaseIsRefused) {
  create_foreign("theirs", "key", "value");
  const Error error = refusal(StoreOpen::ensure);
  EXPECT_EQ(error.code, ErrorCode::malformed);
  EXPECT_THAT(error.message, HasSubstr(kAdvice));
}

TEST_F(LmdbFolder, WithAnotherProgramsTableOfTheSameNameIsRefused) {
  create_foreign("format", "format", "another one entirely");
  EXPECT_EQ(refusal(StoreOpen::ensure).code, ErrorCode::malformed);
}

TEST_F(LmdbFolder, OfANewerFormatIsRefused) {
  create();
  edit("format", "format", std::string("dialogdb\0\0\0\2\0\0\0\1", 16));
  const Error error = refusal(StoreOpen::ensure);
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("format 2"));
}

TEST_F(LmdbFolder, OfAServerIsNoRepository) {
  ASSERT_TRUE(LmdbServerStore::open(folder_, opening(StoreOpen::create)).has_value());
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr("a server's store, not a repository"));
}

TEST_F(LmdbFolder, OfAServerOfAnEarlierVersionGetsTheTablesThatItLacks) {
  const Block block = Block::of("block");
  const Subject subject = subject_named("one");
  const Revoke revoke{{Hash::of("a"), std::chrono::seconds(2'000)}, {}, kRevocationsMax};
  {
    const auto server = LmdbServerStore::open(folder_, opening(StoreOpen::ensure)).value();
    const auto archive = server->archive_for(subject);
    ASSERT_TRUE(archive->put({&block, 1}).has_value() && archive->flush().has_value());
  }
  for (const char* table : {"accounts", "revocations"}) {
    transact(0, table, [](MDB_txn* transaction, MDB_dbi handle) {
      ASSERT_EQ(mdb_drop(transaction, handle, 1), 0);
    });
  }
  const auto server = LmdbServerStore::open(folder_, opening(StoreOpen::ensure)).value();
  EXPECT_EQ(server->usage(subject, {}).value(), (Usage{1, block.size()}));
  EXPECT_TRUE(server->revocations()->add(subject, revoke, {}).has_value());
  EXPECT_EQ(server->revocations()->list(subject, {}).value(), std::vector{revoke.revocation});
  EXPECT_TRUE(server->check().has_value());
}

TEST_F(LmdbFolder, OfARepositoryThatIsOpenIsNoServers) {
  const auto store = open(StoreOpen::create);
  ASSERT_TRUE(store.has_value());
  const auto server = LmdbServerStore::open(folder_);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code, ErrorCode::invalid_argument);
}

TEST_F(LmdbFolder, OpenedTwiceInOneProcessIsShared) {
  const auto first = open(StoreOpen::create);
  fs::create_symlink(folder_, above_ / "link");
  const auto second = LmdbRepositoryStore::open(above_ / "link");
  ASSERT_TRUE(first.has_value() && second.has_value());
  const RecordChange change{"a", std::nullopt, "1"};
  ASSERT_TRUE((*first)->heads().commit({&change, 1}).value());
  EXPECT_EQ((*second)->heads().read("a").value(), "1");
}

TEST_F(LmdbFolder, MayBeOpenedAgainAfterItsLastUser) {
  for (int i = 0; i < 5; ++i) {
    const auto store = open(StoreOpen::ensure);
    ASSERT_TRUE(store.has_value()) << store.error().message;
  }
}

TEST_F(LmdbFolder, LosesWhatADeadProcessLeftOfItsQuarantine) {
  create();
  const std::string left = folder_ + "/scratch/4711-00";
  fs::create_directories(left);
  write_file(left + "/owner", "");
  write_file(left + "/data.mdb", "half");
  ASSERT_TRUE(open().has_value());
  EXPECT_FALSE(fs::exists(folder_ + "/scratch"));
}

TEST_F(LmdbFolder, LosesAQuarantineWithItsObject) {
  LmdbOptions options = opening(StoreOpen::create);
  options.quarantine_bytes_max = 0;
  const auto store = LmdbRepositoryStore::open(folder_, options);
  auto quarantine = (*store)->make_quarantine().value();
  const Block block = Block::of("unproven");
  ASSERT_TRUE(quarantine->put({&block, 1}).has_value());
  EXPECT_EQ(names_in(folder_ + "/scratch").size(), 1U);
  EXPECT_EQ(quarantine->has(std::vector{block.hash()}).value(), std::vector<bool>{true});
  quarantine.reset();
  EXPECT_FALSE(fs::exists(folder_ + "/scratch"));
}

class LmdbDamage : public LmdbFolder {
 protected:
  void SetUp() override {
    const auto store = open(StoreOpen::create);
    ASSERT_TRUE(store.has_value());
    Generator generator(7);
    blocks_ = generator.blocks(400, 6000);
    ASSERT_TRUE((*store)->archive().put(blocks_).has_value());
    for (int i = 0; i < 40; ++i) {
      const RecordChange change{"record/" + std::to_string(i), std::nullopt, generator.value(9000)};
      ASSERT_TRUE((*store)->heads().commit({&change, 1}).value());
      records_.push_back({change.key, *change.desired});
    }
    std::vector<Hash> removed;
    for (std::size_t i = 0; i < blocks_.size(); i += 3) removed.push_back(blocks_[i].hash());
    ASSERT_TRUE((*store)->archive().remove(removed).has_value());
    std::erase_if(blocks_, [&](const Block& block) {
      return testing::Value(removed, testing::Contains(block.hash()));
    });
    ASSERT_TRUE(first_fault(**store).has_value()) << first_fault(**store).error().message;
  }

  /// Opens the folder and reads everything: either all is there, or the error is `corrupt` or
  /// `other`. Returns whether all was there.
  bool whole_or_refused(ErrorCode other) {
    const auto expect_damage = [other](const Error& error) {
      EXPECT_TRUE(error.code == ErrorCode::corrupt || error.code == other)
          << error_row(error.code).name << ": " << error.message;
    };
    fs::remove(folder_ + "/lock.mdb");
    const auto store = open();
    if (!store) {
      expect_damage(store.error());
      return false;
    }
    const auto checked = first_fault(**store);
    if (!checked) {
      expect_damage(checked.error());
      return false;
    }
    std::vector<Hash> hashes;
    for (const Block& block : blocks_) hashes.push_back(block.hash());
    EXPECT_EQ((*store)->archive().has(hashes).value(), std::vector<bool>(hashes.size(), true));
    for (const Record& record : records_) {
      EXPECT_EQ((*store)->heads().read(record.key).value(), record.value);
    }
    return true;
  }

  std::vector<Block> blocks_;
  std::vector<Record> records_;
};

TEST_F(LmdbDamage, AnUndamagedDatabaseIsWhole) {
  EXPECT_TRUE(whole_or_refused(ErrorCode::corrupt));
}

TEST_F(LmdbDamage, AnEmptyFileIsTruncatedAndNotANewDatabase) {
  write_file(data_, "");
  EXPECT_EQ(refusal(StoreOpen::ensure).code, ErrorCode::corrupt);
  EXPECT_EQ(fs::file_size(data_), 0U);
}

TEST_F(LmdbDamage, ATruncatedDatabaseIsRefusedWhereverItEnds) {
  const std::string whole = read_file(data_);
  int refused = 0;
  int points = 0;
  for (std::size_t size = whole.size() - 1; size > 0; size -= std::min<std::size_t>(size, 7001)) {
    write_file(data_, whole.substr(0, size));
    if (!whole_or_refused(ErrorCode::corrupt)) ++refused;
    ++points;
    ASSERT_EQ(fs::file_size(data_), size) << "a damaged file was changed";
  }
  EXPECT_GT(points, 100);
  EXPECT_GT(refused, points / 2);
}

TEST_F(LmdbDamage, ADatabaseThatEndsInItsFirstPagesIsTruncatedAndNotAnothers) {
  const std::string whole = read_file(data_);
  for (const std::size_t size :
       {1U, 16U, 17U, 19U, 20U, 24U, 43U, 44U, 152U, 4095U, 4096U, 4200U, 4248U, 8191U}) {
    write_file(data_, whole.substr(0, size));
    for (const StoreOpen how : {StoreOpen::existing, StoreOpen::ensure}) {
      const Error error = refusal(how);
      EXPECT_EQ(error.code, ErrorCode::corrupt) << size;
      EXPECT_THAT(error.message, HasSubstr(data_ + " is truncated; restore it")) << size;
    }
    ASSERT_EQ(fs::file_size(data_), size) << "a damaged file was changed";
  }
}

TEST_F(LmdbDamage, AFirstPageThatTheLibraryRefusesIsDamageAndNotAnothersFile) {
  std::string bytes = read_file(data_);
  constexpr std::size_t kSecondMagic = 4096 + 16;
  bytes[kSecondMagic] = static_cast<char>(bytes[kSecondMagic] ^ 1);
  write_file(data_, bytes);
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("the first pages of " + data_));
}

TEST_F(LmdbDamage, ATruncatedDatabaseIsNamedWithAnAdvice) {
  fs::resize_file(data_, fs::file_size(data_) / 2);
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr(data_));
  EXPECT_THAT(error.message, HasSubstr("truncated"));
  EXPECT_THAT(error.message, HasSubstr("clone it again"));
}

TEST_F(LmdbDamage, FlippedBitsAreFoundOrHarmless) {
  const std::string whole = read_file(data_);
  int found = 0;
  int tried = 0;
  for_each_seed(150, [&](Generator& generator) {
    std::string damaged = whole;
    // Every fourth flip hits the start of a page, where it hurts most.
    const std::size_t page = generator.below(whole.size() / 4096);
    const std::size_t at = page * 4096 + generator.below(generator.chance(1, 4) ? 64 : 4096);
    damaged[at] =
        static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << generator.below(8)));
    write_file(data_, damaged);
    ++tried;
    // A bit of what tells a database from any other file makes it another file.
    if (!whole_or_refused(ErrorCode::malformed)) ++found;
  });
  EXPECT_GT(found, tried / 4);
}

// The library counts pages that it took and gave back within one transaction, but never writes
// them.
TEST_F(LmdbFolder, WhoseDatabaseEndsBeforeItsFreePagesIsWhole) {
  const auto ends_early = [this] {
    MDB_env* environment = nullptr;
    MDB_envinfo info;
    MDB_stat stat;
    EXPECT_EQ(mdb_env_create(&environment), 0);
    EXPECT_EQ(mdb_env_open(environment, folder_.c_str(), 0, 0600), 0);
    mdb_env_info(environment, &info);
    mdb_env_stat(environment, &stat);
    mdb_env_close(environment);
    return fs::file_size(data_) < (info.me_last_pgno + 1) * stat.ms_psize;
  };
  int found = 0;
  // It is rare. The first of these seeds makes one.
  for (std::uint64_t seed = 34; seed < 100 && found == 0; ++seed) {
    fs::remove_all(folder_);
    Generator generator(seed);
    std::vector<Block> kept;
    for (int round = 0; round < 60 && found == 0; ++round) {
      auto store = open(StoreOpen::ensure);
      ASSERT_TRUE(store.has_value()) << store.error().message;
      const auto blocks = generator.blocks(generator.below(60), 5000);
      ASSERT_TRUE((*store)->archive().put(blocks).has_value());
      ASSERT_TRUE((*store)->archive().flush().has_value());
      kept.insert(kept.end(), blocks.begin(), blocks.end());
      generator.shuffle(kept);
      std::vector<Hash> removed;
      for (std::size_t count = generator.below(kept.size() + 1); count > 0; --count) {
        removed.push_back(kept.back().hash());
        kept.pop_back();
      }
      ASSERT_TRUE((*store)->archive().remove(removed).has_value());
      store->reset();
      if (!ends_early()) continue;
      ++found;
      store = open();
      ASSERT_TRUE(store.has_value()) << store.error().message;
      EXPECT_TRUE(first_fault(**store).has_value());
      for (const Block& block : kept) {
        EXPECT_TRUE((*store)->archive().get_one(block.hash()).value().has_value());
      }
    }
  }
  EXPECT_EQ(found, 1);
}

// The library overwrites a large value of the same transaction in place and leaves it the pages
// that it had. So a value may hold more of them than it needs, and so may its own list of free
// pages.
class LmdbLongRuns : public LmdbFolder {
 protected:
  /// How many values of a table hold more pages than they need.
  int count_in(const char* table) {
    int found = 0;
    transact(MDB_RDONLY, table, [&](MDB_txn* transaction, MDB_dbi handle) {
      constexpr std::size_t kHeaderBytes = 16;
      constexpr std::size_t kPageBytes = 4096;
      MDB_cursor* cursor = nullptr;
      MDB_val key;
      MDB_val value;
      ASSERT_EQ(mdb_cursor_open(transaction, handle, &cursor), 0);
      while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        const char* const page = static_cast<const char*>(value.mv_data) - kHeaderBytes;
        if (reinterpret_cast<std::uintptr_t>(page) % kPageBytes != 0) continue;
        std::uint32_t pages = 0;
        std::memcpy(&pages, page + 12, sizeof pages);
        if (pages > (kHeaderBytes + value.mv_size - 1) / kPageBytes + 1) ++found;
      }
      mdb_cursor_close(cursor);
    });
    return found;
  }
  void expect_sound() {
    const auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().message;
    const auto checked = first_fault(**store);
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
  }
};

TEST_F(LmdbLongRuns, OfAValueAreNoDamage) {
  create();
  const Block block = Block::of(Bytes(5'000, 'x'));
  transact(0, "blocks", [&](MDB_txn* transaction, MDB_dbi handle) {
    put(transaction, handle, Bytes(block.hash().bytes()), Bytes(100'000, 'y'));
    put(transaction, handle, Bytes(block.hash().bytes()), Bytes(block.bytes()));
  });
  ASSERT_EQ(count_in("blocks"), 1);
  expect_sound();
}

TEST_F(LmdbLongRuns, OfTheFreeListAreNoDamage) {
  // It is rare. These many rounds of these seeds make one each.
  for (const auto& [seed, rounds] : {std::pair(164U, 5), std::pair(362U, 4), std::pair(482U, 5)}) {
    fs::remove_all(folder_);
    LmdbOptions options = opening(StoreOpen::create);
    options.buffered_bytes_max = std::size_t{64} << 20;
    {
      const auto store = LmdbRepositoryStore::open(folder_, options);
      ASSERT_TRUE(store.has_value()) << store.error().message;
      SeededRandom random(seed);
      (void)random.below(8);
      std::vector<Hash> kept;
      for (int round = 0; round < rounds; ++round) {
        change_blocks(random, (*store)->archive(), kept);
      }
    }
    EXPECT_EQ(count_in(nullptr), 1) << "seed " << seed;
    expect_sound();
  }
}

TEST_F(LmdbDamage, ADamagedBlockIsNeverServedAndOnlyItIsLost) {
  std::string bytes = read_file(data_);
  const Block& victim = *std::find_if(blocks_.begin(), blocks_.end(),
                                      [](const Block& block) { return block.size() > 100; });
  const std::size_t at = bytes.find(victim.bytes());
  ASSERT_NE(at, std::string::npos);
  bytes[at + 50] = static_cast<char>(bytes[at + 50] ^ 1);
  write_file(data_, bytes);
  const auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().message;
  const auto read = (*store)->archive().get_one(victim.hash());
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  EXPECT_THAT(read.error().message, HasSubstr(victim.hash().hex()));
  for (const Block& block : blocks_) {
    if (block == victim) continue;
    EXPECT_TRUE((*store)->archive().get_one(block.hash()).value().has_value());
  }
  EXPECT_EQ(first_fault(**store).error().code, ErrorCode::corrupt);
}

TEST_F(LmdbDamage, PuttingADamagedBlockAgainRepairsIt) {
  std::string bytes = read_file(data_);
  const Block& victim = *std::find_if(blocks_.begin(), blocks_.end(),
                                      [](const Block& block) { return block.size() > 100; });
  const std::size_t at = bytes.find(victim.bytes());
  bytes[at + 50] = static_cast<char>(bytes[at + 50] ^ 1);
  write_file(data_, bytes);
  const auto store = open();
  ASSERT_TRUE((*store)->archive().put({&victim, 1}).has_value());
  ASSERT_TRUE((*store)->archive().flush().has_value());
  EXPECT_TRUE(first_fault(**store).has_value());
}

TEST_F(LmdbDamage, ADamagedRecordIsNamed) {
  std::string bytes = read_file(data_);
  const auto large = std::find_if(records_.begin(), records_.end(),
                                  [](const Record& record) { return record.value.size() > 100; });
  ASSERT_NE(large, records_.end());
  const std::size_t at = bytes.rfind(large->value);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 50] = static_cast<char>(bytes[at + 50] ^ 1);
  write_file(data_, bytes);
  const auto store = open();
  ASSERT_TRUE(store.has_value());
  const auto read = (*store)->heads().read(large->key);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  EXPECT_THAT(read.error().message, HasSubstr(large->key));
  const RecordChange change{large->key, large->value, "new"};
  EXPECT_EQ((*store)->heads().commit({&change, 1}).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace dialog::test
