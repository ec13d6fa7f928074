#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "data.hpp"
#include "dialog/archive/archive.hpp"
#include "dialog/backends/log_repository_store.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/base/random.hpp"
#include "dialog/replica/repository.hpp"
#include "store_floors.hpp"
#include "suites.hpp"

namespace dialog::bench {
namespace {

constexpr std::uint64_t kSeed = 20240601;
constexpr std::size_t kLoadBatch = 100'000;
constexpr std::size_t kBatch = 1000;
constexpr std::size_t kCommits = 1000;
constexpr std::size_t kSharedCommits = 10'000;
constexpr std::size_t kCommitters = 32;
constexpr std::size_t kBlockBytes = 4096;
constexpr std::size_t kBlocks = 100'000;
constexpr std::size_t kBlockGets = 200'000;

struct FloorKind {
  const char* impl;
  std::unique_ptr<StoreFloor> (*open)(const std::string& folder);
};
constexpr FloorKind kDisk{"disk", open_disk_floor};
constexpr FloorKind kStores[] = {{"lmdb", open_lmdb_floor},
                                 {"rocksdb", open_rocksdb_floor},
                                 {"sqlite", open_sqlite_floor},
                                 {"log", open_log_floor}};

/// A repository in a scratch folder, as a user opens it.
class Database {
 public:
  explicit Database(const std::string& parent) : folder_(parent) { open(); }

  void close() {
    repository_.reset();
    store_.reset();
  }

  void open() {
    close();
    LogOptions options;
    options.open = StoreOpen::ensure;
    store_ = must(LogRepositoryStore::open(folder_.path() + "/db", options), "open");
    auto opened = Repository::open(*store_, system_clock());
    if (!opened) opened = Repository::create(*store_, system_clock());
    repository_ = std::make_unique<Repository>(must(std::move(opened), "repository"));
  }

  void put(const std::vector<StoreFloor::Item>& items) {
    must(repository_->transact("main", put_all(items)), "commit");
  }

  /// The same with the revision, both durable at return.
  void put_built(const std::vector<StoreFloor::Item>& items) {
    must(repository_->transact_built("main", put_all(items)), "commit");
  }

  /// Builds what is pending.
  void build() { must(repository_->resolve("main"), "resolve"); }

  [[nodiscard]] Archive& archive() { return store_->archive(); }
  [[nodiscard]] Repository& repository() { return *repository_; }
  [[nodiscard]] std::string folder() const { return folder_.path(); }

 private:
  static Repository::TransactionFunction put_all(const std::vector<StoreFloor::Item>& items) {
    return [&items](Transaction& transaction) -> Result<void> {
      for (const auto& item : items) {
        if (auto put = transaction.put(item.key, item.value); !put) return put;
      }
      return {};
    };
  }

  ScratchFolder folder_;
  std::unique_ptr<LogRepositoryStore> store_;
  std::unique_ptr<Repository> repository_;
};

/// One floor in a scratch folder.
struct Floor {
  Floor(const FloorKind& kind, const std::string& parent)
      : impl(kind.impl), folder(parent), store(kind.open(folder.path())) {}
  std::string impl;
  ScratchFolder folder;
  std::unique_ptr<StoreFloor> store;
};

/// What the files of a folder occupy.
double disk_bytes(const std::string& folder) {
  double sum = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat status{};
    if (entry.is_regular_file() && ::stat(entry.path().c_str(), &status) == 0)
      sum += static_cast<double>(status.st_blocks) * 512;
  }
  return sum;
}

template <class Put>
void load(const Records& records, const std::vector<std::uint32_t>& order, Put put) {
  std::vector<StoreFloor::Item> items;
  for (std::size_t i = 0; i < order.size(); ++i) {
    items.push_back({records.key(order[i]), records.value(order[i])});
    if (items.size() == kLoadBatch || i + 1 == order.size()) {
      put(items);
      items.clear();
    }
  }
}

using PutOne = std::function<void(const StoreFloor::Item&)>;

Sample one_by_one(const Records& records, const PutOne& put, std::uint64_t seed) {
  const auto indexes = distinct_indexes(records.size(), std::min(kCommits, records.size()), seed);
  const auto values = fresh_values(indexes.size(), seed);
  std::vector<double> micros;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    const double start = seconds_now();
    put({records.key(indexes[i]), values[i]});
    micros.push_back((seconds_now() - start) * 1e6);
  }
  const double p99 = percentile(micros, 0.99);
  return {percentile(micros, 0.5), p99};
}

Sample together(const Records& records, const PutOne& put, std::uint64_t seed) {
  const std::size_t count = std::min(kSharedCommits, records.size());
  const auto indexes = distinct_indexes(records.size(), count, seed);
  const auto values = fresh_values(count, seed);
  std::atomic<std::size_t> next{0};
  const double start = seconds_now();
  {
    std::vector<std::jthread> committers;
    for (std::size_t c = 0; c < kCommitters; ++c) {
      committers.emplace_back([&] {
        for (std::size_t i = next++; i < count; i = next++)
          put({records.key(indexes[i]), values[i]});
      });
    }
  }
  return {static_cast<double>(count) / (seconds_now() - start), {}};
}

/// Small commits into a database of `records`.
void commits(Report& report, const Settings& settings, const Records& records,
             const std::vector<std::uint32_t>& order) {
  if (!report.wants({"commit1", "commit1_root", "commit32"})) return;
  Database database(settings.folder);
  load(records, order, [&](const auto& items) { database.put(items); });
  std::vector<std::unique_ptr<Floor>> floors;
  if (report.wants_impl(kDisk.impl))
    floors.push_back(std::make_unique<Floor>(kDisk, settings.folder));
  for (const FloorKind& kind : kStores) {
    if (!report.wants_impl(kind.impl)) continue;
    floors.push_back(std::make_unique<Floor>(kind, settings.folder));
    load(records, order, [&](const auto& items) { floors.back()->store->put(items); });
  }
  std::uint64_t seed = 0;
  const auto compare = [&](const Case& about, const auto& measure, bool builds = false) {
    std::vector<Contender> contenders;
    contenders.push_back({"dialog", [&] {
                            database.build();
                            const auto put = [&](const StoreFloor::Item& item) {
                              builds ? database.put_built({item}) : database.put({item});
                            };
                            return measure(records, put, ++seed);
                          }});
    for (const auto& floor : floors) {
      contenders.push_back(
          {floor->impl, [&] {
             return measure(
                 records, [&](const StoreFloor::Item& item) { floor->store->put({&item, 1}); },
                 ++seed);
           }});
    }
    report.paired(about, contenders);
  };
  compare({"store", "commit1", "us", records.size(), {}, {}}, one_by_one);
  compare({"store", "commit1_root", "us", records.size(), {}, {}}, one_by_one, true);
  compare({"store", "commit32", "commits/s", records.size(), {}, kCommitters}, together);
}

/// Incompressible blocks of 4 KiB; the same for every contender.
class Blocks {
 public:
  Blocks() : noise_((std::size_t{64} << 20) + kBlockBytes, '\0') {
    SeededRandom random(kSeed);
    for (char& byte : noise_) byte = static_cast<char>(random.below(256));
    for (std::size_t i = 0; i < kBlocks; ++i) hashes_.push_back(Hash::of(bytes(i)));
  }
  [[nodiscard]] std::string_view bytes(std::size_t index) const {
    return std::string_view(noise_).substr(index * 613 % (noise_.size() - kBlockBytes),
                                           kBlockBytes);
  }
  [[nodiscard]] std::string_view key(std::size_t index) const { return hashes_[index].bytes(); }
  [[nodiscard]] const Hash& hash(std::size_t index) const { return hashes_[index]; }

 private:
  std::string noise_;
  std::vector<Hash> hashes_;
};

void fill(Database& database, const Blocks& blocks) {
  for (std::size_t at = 0; at < kBlocks; at += kBatch) {
    std::vector<Block> batch;
    for (std::size_t i = at; i < at + kBatch; ++i)
      batch.push_back(Block::of(Bytes(blocks.bytes(i))));
    must(database.archive().put(batch), "put");
    must(database.archive().flush(), "flush");
  }
}

void fill(StoreFloor& store, const Blocks& blocks) {
  for (std::size_t at = 0; at < kBlocks; at += kBatch) {
    std::vector<StoreFloor::Item> items;
    for (std::size_t i = at; i < at + kBatch; ++i)
      items.push_back({blocks.key(i), blocks.bytes(i)});
    store.put(items);
  }
}

Sample per_second(std::size_t count, double start) {
  return {static_cast<double>(count) / (seconds_now() - start), {}};
}

void block_puts(Report& report, const Settings& settings, const Blocks& blocks) {
  if (!report.wants({"block_put_batched"})) return;
  std::vector<Contender> contenders;
  contenders.push_back({"dialog", [&] {
                          Database database(settings.folder);
                          const double start = seconds_now();
                          fill(database, blocks);
                          return per_second(kBlocks, start);
                        }});
  for (const FloorKind& kind : kStores) {
    contenders.push_back({kind.impl, [&] {
                            const Floor floor(kind, settings.folder);
                            const double start = seconds_now();
                            fill(*floor.store, blocks);
                            return per_second(kBlocks, start);
                          }});
  }
  report.paired({"store", "block_put_batched", "blocks/s", kBlocks, {}, {}}, contenders);
}

void block_gets(Report& report, const Settings& settings, const Blocks& blocks) {
  if (!report.wants({"block_get"})) return;
  Database database(settings.folder);
  fill(database, blocks);
  std::vector<std::unique_ptr<Floor>> floors;
  for (const FloorKind& kind : kStores) {
    if (!report.wants_impl(kind.impl)) continue;
    floors.push_back(std::make_unique<Floor>(kind, settings.folder));
    fill(*floors.back()->store, blocks);
  }
  SeededRandom random(7);
  std::vector<std::size_t> indexes(kBlockGets);
  for (auto& index : indexes) index = random.below(kBlocks);

  std::vector<Contender> contenders;
  contenders.push_back({"dialog", [&] {
                          const double start = seconds_now();
                          for (const std::size_t i : indexes) {
                            if (!must(database.archive().get_one(blocks.hash(i)), "get"))
                              give_up("get: a block is gone");
                          }
                          return per_second(kBlockGets, start);
                        }});
  for (const auto& floor : floors) {
    contenders.push_back({floor->impl, [&] {
                            std::string value;
                            const double start = seconds_now();
                            for (const std::size_t i : indexes) {
                              if (!floor->store->get(blocks.key(i), value) ||
                                  value.size() != kBlockBytes)
                                give_up("get: a block is gone");
                            }
                            return per_second(kBlockGets, start);
                          }});
  }
  report.paired({"store", "block_get", "reads/s", kBlocks, {}, {}}, contenders);
}

void sizes(Report& report, const Settings& settings, const Records& records,
           const std::vector<std::uint32_t>& order) {
  if (!report.wants({"disk_bulk"})) return;
  Database database(settings.folder);
  load(records, order, [&](const auto& items) { database.put(items); });
  must(database.repository().collect_garbage(), "gc");
  report.exact({"store", "disk_bulk", "bytes", records.size(), {}, {}}, "dialog",
               disk_bytes(database.folder()));
  for (const FloorKind& kind : kStores) {
    if (!report.wants_impl(kind.impl)) continue;
    Floor floor(kind, settings.folder);
    load(records, order, [&](const auto& items) { floor.store->put(items); });
    floor.store.reset();
    report.exact({"store", "disk_bulk", "bytes", records.size(), {}, {}}, floor.impl,
                 disk_bytes(floor.folder.path()));
  }
}

/// How long it takes to open a store of so many blocks, and what its index takes for each.
void put_small_blocks(Archive& archive, std::size_t count) {
  std::vector<Block> batch;
  for (std::uint64_t i = 0; i < count; ++i) {
    batch.push_back(Block::of(Bytes(reinterpret_cast<const char*>(&i), sizeof i)));
    if (batch.size() < kBatch && i + 1 < count) continue;
    must(archive.put(batch), "put");
    must(archive.flush(), "flush");
    batch.clear();
  }
}

double milliseconds_to_open(Database& database) {
  const double start = seconds_now();
  database.open();
  return (seconds_now() - start) * 1e3;
}

// Once after the process that wrote it all was killed, and once after it was closed.
void opening(Report& report, const Settings& settings, std::size_t count) {
  if (!report.wants({"open", "open_killed", "index_per_block"}) || !report.wants_impl("dialog"))
    return;
  Database database(settings.folder);
  database.close();
  const pid_t writer = fork();
  if (writer == 0) {
    database.open();
    put_small_blocks(database.archive(), count);
    kill(getpid(), SIGKILL);
  }
  waitpid(writer, nullptr, 0);
  report.exact({"store", "open_killed", "ms", count, {}, {}}, "dialog",
               milliseconds_to_open(database));
  database.close();
  report.exact({"store", "open", "ms", count, {}, {}}, "dialog", milliseconds_to_open(database));
  report.exact({"store", "index_per_block", "bytes", count, {}, {}}, "dialog",
               disk_bytes(database.folder() + "/db/index") / static_cast<double>(count));
}

void sizes_after_batches(Report& report, const Settings& settings, const Records& records) {
  if (!report.wants({"disk_batches", "disk_batches_gc"})) return;
  Database database(settings.folder);
  for (std::size_t at = 0; at < records.size(); at += kBatch) {
    std::vector<StoreFloor::Item> items;
    for (std::size_t i = at; i < std::min(at + kBatch, records.size()); ++i)
      items.push_back({records.key(i), records.value(i)});
    database.put(items);
  }
  report.exact({"store", "disk_batches", "bytes", records.size(), {}, {}}, "dialog",
               disk_bytes(database.folder()));
  must(database.repository().collect_garbage(), "gc");
  report.exact({"store", "disk_batches_gc", "bytes", records.size(), {}, {}}, "dialog",
               disk_bytes(database.folder()));
}

}  // namespace

void run_store_suite(Report& report, const Settings& settings) {
  const Records records(settings.entries, kSeed);
  const auto order = records.sorted();
  commits(report, settings, records, order);
  if (report.wants({"block_put_batched", "block_get"})) {
    const Blocks blocks;
    block_puts(report, settings, blocks);
    block_gets(report, settings, blocks);
  }
  sizes(report, settings, records, order);
  sizes_after_batches(report, settings, records);
  opening(report, settings, records.size());
  opening(report, settings, 10 * records.size());
}

}  // namespace dialog::bench
