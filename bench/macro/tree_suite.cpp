#include <algorithm>
#include <cstring>
#include <memory>

#include "data.hpp"
#include "dialog/backends/log_repository_store.hpp"
#include "dialog/base/random.hpp"
#include "dialog/tree/builder.hpp"
#include "dialog/tree/cursor.hpp"
#include "dialog/tree/diff.hpp"
#include "dialog/tree/edit.hpp"
#include "dialog/tree/read.hpp"
#include "lmdb_floor.hpp"
#include "suites.hpp"

namespace dialog::bench {
namespace {

constexpr std::uint64_t kSeed = 20240601;
constexpr std::size_t kBatch = 1000;
constexpr std::size_t kBatchInserts = 200'000;
constexpr std::size_t kGets = 200'000;
constexpr std::size_t kCommits = 300;
constexpr std::size_t kCacheBytes = std::size_t{512} << 20;

/// A durable tree of its own in a scratch folder.
class Database {
 public:
  explicit Database(const std::string& parent) : folder_(parent) {
    LogOptions options;
    options.open = StoreOpen::ensure;
    store_ = must(LogRepositoryStore::open(folder_.path() + "/db", options), "open");
    source_ = std::make_unique<NodeSource>(store_->archive(), kCacheBytes);
  }

  void build(const Records& sorted) {
    TreeBuilder builder(store_->archive());
    for (std::size_t i = 0; i < sorted.size(); ++i)
      must(builder.add(sorted.key(i), sorted.value(i)), "add");
    root_ = must(builder.finish(), "finish");
    must(store_->archive().flush(), "flush");
  }

  /// One durable step.
  void apply(const std::vector<Edit>& edits) {
    root_ = must(edit_tree(*source_, root_, edits), "edit").root;
    must(store_->archive().flush(), "flush");
  }

  /// As `apply`, but leaves the tree where it was and is not durable.
  Hash edited(const std::vector<Edit>& edits) {
    return must(edit_tree(*source_, root_, edits), "edit").root;
  }

  [[nodiscard]] const Hash& root() const { return root_; }
  [[nodiscard]] NodeSource& source() { return *source_; }

 private:
  ScratchFolder folder_;
  std::unique_ptr<LogRepositoryStore> store_;
  std::unique_ptr<NodeSource> source_;
  Hash root_;
};

std::vector<Edit> updates(const Records& records, const std::vector<std::uint32_t>& indexes,
                          std::uint64_t seed) {
  const auto values = fresh_values(indexes.size(), seed);
  std::vector<Edit> edits;
  edits.reserve(indexes.size());
  for (std::size_t i = 0; i < indexes.size(); ++i)
    edits.push_back({Bytes(records.key(indexes[i])), values[i]});
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.key < b.key; });
  return edits;
}

/// Anew.
void fill(LmdbFloor& lmdb, const Records& sorted) {
  lmdb.write([&](MDB_txn* txn, MDB_dbi dbi) {
    check_lmdb(mdb_drop(txn, dbi, 0), "mdb_drop");
    for (std::size_t i = 0; i < sorted.size(); ++i)
      LmdbFloor::put(txn, dbi, sorted.key(i), sorted.value(i), MDB_APPEND);
  });
}

void bulk_sorted(Report& report, const Settings& settings, const Records& sorted) {
  const auto rate = [&](double start) {
    return Sample{static_cast<double>(sorted.size()) / (seconds_now() - start), {}};
  };
  report.paired({"tree", "bulk_sorted", "entries/s", sorted.size(), {}, {}},
                {{"dialog",
                  [&] {
                    Database database(settings.folder);
                    const double start = seconds_now();
                    database.build(sorted);
                    return rate(start);
                  }},
                 {"lmdb", [&] {
                    const ScratchFolder folder(settings.folder);
                    LmdbFloor lmdb(folder.path());
                    const double start = seconds_now();
                    fill(lmdb, sorted);
                    return rate(start);
                  }}});
}

void batch1000(Report& report, const Settings& settings, const Records& records) {
  const std::size_t count = std::min(kBatchInserts, records.size());
  const auto rate = [&](double start) {
    return Sample{static_cast<double>(count) / (seconds_now() - start), {}};
  };
  report.paired({"tree", "batch1000", "entries/s", count, {}, {}},
                {{"dialog",
                  [&] {
                    Database database(settings.folder);
                    const double start = seconds_now();
                    for (std::size_t at = 0; at < count; at += kBatch) {
                      std::vector<Edit> edits;
                      for (std::size_t i = at; i < std::min(at + kBatch, count); ++i) {
                        edits.push_back({Bytes(records.key(i)), Bytes(records.value(i))});
                      }
                      std::sort(edits.begin(), edits.end(),
                                [](const Edit& a, const Edit& b) { return a.key < b.key; });
                      database.apply(edits);
                    }
                    return rate(start);
                  }},
                 {"lmdb", [&] {
                    const ScratchFolder folder(settings.folder);
                    LmdbFloor lmdb(folder.path());
                    const double start = seconds_now();
                    for (std::size_t at = 0; at < count; at += kBatch) {
                      lmdb.write([&](MDB_txn* txn, MDB_dbi dbi) {
                        for (std::size_t i = at; i < std::min(at + kBatch, count); ++i) {
                          LmdbFloor::put(txn, dbi, records.key(i), records.value(i));
                        }
                      });
                    }
                    return rate(start);
                  }}});
}

/// Runs `commit` for each index and gives the median and the 99th percentile in microseconds.
template <class Commit>
Sample latencies(std::size_t count, Commit commit) {
  std::vector<double> micros;
  for (std::size_t i = 0; i < count; ++i) {
    const double start = seconds_now();
    commit(i);
    micros.push_back((seconds_now() - start) * 1e6);
  }
  const double p99 = percentile(micros, 0.99);
  return {percentile(micros, 0.5), p99};
}

void commit1(Report& report, Database& database, LmdbFloor& lmdb, const Records& records) {
  std::uint64_t round = 0;
  const auto indexes = distinct_indexes(records.size(), std::min(kCommits, records.size()), 5);
  report.paired({"tree", "commit1", "us", records.size(), {}, {}},
                {{"dialog",
                  [&] {
                    const auto values = fresh_values(indexes.size(), ++round);
                    return latencies(indexes.size(), [&](std::size_t i) {
                      database.apply({{Bytes(records.key(indexes[i])), values[i]}});
                    });
                  }},
                 {"lmdb", [&] {
                    const auto values = fresh_values(indexes.size(), ++round);
                    return latencies(indexes.size(), [&](std::size_t i) {
                      lmdb.write([&](MDB_txn* txn, MDB_dbi dbi) {
                        LmdbFloor::put(txn, dbi, records.key(indexes[i]), values[i]);
                      });
                    });
                  }}});
}

void get(Report& report, Database& database, LmdbFloor& lmdb, const Records& records) {
  SeededRandom random(99);
  std::vector<std::uint32_t> indexes(kGets);
  for (auto& index : indexes) index = static_cast<std::uint32_t>(random.below(records.size()));
  const auto rate = [&](double start) {
    return Sample{static_cast<double>(kGets) / (seconds_now() - start), {}};
  };
  const auto dialog_gets = [&] {
    const double start = seconds_now();
    for (const std::uint32_t i : indexes) {
      const auto value = must(get_value(database.source(), database.root(), records.key(i)), "get");
      if (!value) give_up("get: a key is gone");
    }
    return rate(start);
  };
  dialog_gets();
  report.paired({"tree", "get", "gets/s", records.size(), {}, {}},
                {{"dialog", dialog_gets},
                 {"lmdb", [&] {
                    const double start = seconds_now();
                    lmdb.read([&](MDB_txn* txn, MDB_dbi dbi) {
                      for (const std::uint32_t i : indexes) {
                        MDB_val key{Records::kKeyBytes, const_cast<char*>(records.key(i).data())};
                        MDB_val value;
                        check_lmdb(mdb_get(txn, dbi, &key, &value), "mdb_get");
                      }
                    });
                    return rate(start);
                  }}});
}

void scan(Report& report, Database& database, LmdbFloor& lmdb, const Records& records) {
  const auto rate = [&](double start, std::size_t seen) {
    if (seen != records.size()) give_up("scan: saw " + std::to_string(seen) + " entries");
    return Sample{static_cast<double>(seen) / (seconds_now() - start), {}};
  };
  report.paired({"tree", "scan", "entries/s", records.size(), {}, {}},
                {{"dialog",
                  [&] {
                    const double start = seconds_now();
                    std::size_t seen = 0;
                    must(scan_tree(database.source(), database.root(), {},
                                   [&](ByteView, const ValueView&) { return ++seen, true; }),
                         "scan");
                    return rate(start, seen);
                  }},
                 {"lmdb", [&] {
                    const double start = seconds_now();
                    std::size_t seen = 0;
                    lmdb.read([&](MDB_txn* txn, MDB_dbi dbi) {
                      MDB_cursor* cursor = nullptr;
                      check_lmdb(mdb_cursor_open(txn, dbi, &cursor), "mdb_cursor_open");
                      MDB_val key;
                      MDB_val value;
                      while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) ++seen;
                      mdb_cursor_close(cursor);
                    });
                    return rate(start, seen);
                  }}});
}

/// How many entries differ between two databases with the same keys: without hashes both are read
/// from end to end.
std::size_t compare(LmdbFloor& one, LmdbFloor& other) {
  std::size_t differing = 0;
  one.read([&](MDB_txn* one_txn, MDB_dbi one_dbi) {
    other.read([&](MDB_txn* other_txn, MDB_dbi other_dbi) {
      MDB_cursor* cursors[2] = {};
      check_lmdb(mdb_cursor_open(one_txn, one_dbi, &cursors[0]), "mdb_cursor_open");
      check_lmdb(mdb_cursor_open(other_txn, other_dbi, &cursors[1]), "mdb_cursor_open");
      MDB_val keys[2];
      MDB_val values[2];
      const auto next = [&](int i) {
        return mdb_cursor_get(cursors[i], &keys[i], &values[i], MDB_NEXT) == 0;
      };
      const auto equal = [](const MDB_val& a, const MDB_val& b) {
        return a.mv_size == b.mv_size && std::memcmp(a.mv_data, b.mv_data, a.mv_size) == 0;
      };
      while (next(0) && next(1)) {
        if (!equal(keys[0], keys[1])) give_up("diff: the databases have different keys");
        if (!equal(values[0], values[1])) ++differing;
      }
      for (MDB_cursor* const cursor : cursors) mdb_cursor_close(cursor);
    });
  });
  return differing;
}

void diff(Report& report, const Settings& settings, Database& database, LmdbFloor& lmdb,
          const Records& records, const Records& sorted) {
  const ScratchFolder folder(settings.folder);
  LmdbFloor changed(folder.path());
  for (const std::size_t d : {std::size_t{1}, std::size_t{100}, std::size_t{10'000}}) {
    if (d > records.size()) continue;
    const auto edits = updates(records, distinct_indexes(records.size(), d, d), d + 1);
    const Hash other = database.edited(edits);
    fill(changed, sorted);
    changed.write([&](MDB_txn* txn, MDB_dbi dbi) {
      for (const Edit& edit : edits) LmdbFloor::put(txn, dbi, edit.key, *edit.value);
    });
    const auto timed = [d](const auto& count) {
      const double start = seconds_now();
      const std::size_t seen = count();
      if (seen != d) give_up("diff: saw " + std::to_string(seen) + " changes");
      return Sample{(seconds_now() - start) * 1e3, {}};
    };
    const auto with_hashes = [&] {
      std::size_t seen = 0;
      must(diff_trees(database.source(), database.root(), other,
                      [&](const Change&) { return ++seen, true; }),
           "diff");
      return seen;
    };
    report.paired({"tree", "diff", "ms", records.size(), d, {}},
                  {{"dialog", [&] { return timed(with_hashes); }},
                   {"lmdb", [&] { return timed([&] { return compare(lmdb, changed); }); }}});
  }
}

}  // namespace

void run_tree_suite(Report& report, const Settings& settings) {
  const Records records(settings.entries, kSeed);
  const Records sorted = records.in_order();
  bulk_sorted(report, settings, sorted);
  batch1000(report, settings, records);

  Database database(settings.folder);
  database.build(sorted);
  const ScratchFolder folder(settings.folder);
  LmdbFloor lmdb(folder.path());
  fill(lmdb, sorted);
  get(report, database, lmdb, records);
  scan(report, database, lmdb, records);
  diff(report, settings, database, lmdb, records, sorted);
  commit1(report, database, lmdb, records);
}

}  // namespace dialog::bench
