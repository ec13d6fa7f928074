#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/replica/repository.hpp"
#include "sim/sim_store.hpp"
#include "support/root_of.hpp"
#include "support/seeds.hpp"

// Commits that are built late are, to whoever reads, the same as commits that are built at once.

namespace dialog::test {
namespace {

using Listed = std::vector<std::pair<Bytes, Bytes>>;

/// What a range of a map holds.
Listed slice(const Model& model, const ScanRange& range) {
  Listed listed;
  for (const auto& entry : model) {
    if (range.from && entry.first < *range.from) continue;
    if (range.to && entry.first >= *range.to) continue;
    if (entry.first.starts_with(range.prefix)) listed.push_back(entry);
  }
  if (range.reverse) std::reverse(listed.begin(), listed.end());
  if (range.limit && listed.size() > *range.limit)
    listed.resize(static_cast<std::size_t>(*range.limit));
  return listed;
}

template <class Readable>
Listed scan(Readable&& readable, const ScanRange& range) {
  Listed listed;
  const auto scanned = readable.scan(range, [&](ByteView key, const EntryValue& value) {
    auto loaded = value.load();
    EXPECT_TRUE(loaded.has_value());
    EXPECT_EQ(value.size(), loaded->size());
    listed.emplace_back(key, *std::move(loaded));
    return true;
  });
  EXPECT_TRUE(scanned.has_value());
  return listed;
}

ScanRange some_range(Generator& generator) {
  ScanRange range;
  if (generator.chance(1, 3)) range.from = generator.key();
  if (generator.chance(1, 3)) range.to = generator.key();
  if (generator.chance(1, 4)) range.prefix = generator.key(2);
  if (generator.chance(1, 3)) range.limit = generator.below(6);
  range.reverse = generator.chance(1, 2);
  return range;
}

/// Walks to and fro; a cursor turns where a scan never does.
void expect_walk(Generator& generator, const Snapshot& snapshot, const Model& model) {
  const auto cursor = snapshot.cursor();
  auto at = model.end();
  const auto check = [&](const Result<bool>& moved) {
    ASSERT_TRUE(moved.has_value());
    ASSERT_EQ(*moved, at != model.end());
    ASSERT_EQ(cursor->valid(), *moved);
    if (!*moved) return;
    ASSERT_EQ(cursor->key(), at->first);
    ASSERT_EQ(cursor->value().value(), at->second);
  };
  const auto before = [&](Model::const_iterator found) {
    return found == model.begin() ? model.end() : std::prev(found);
  };
  for (int step = 0; step < 30; ++step) {
    const Bytes key = generator.key();
    const std::size_t choice = generator.below(at == model.end() ? 4 : 12);
    if (choice == 0) {
      at = model.begin();
      check(cursor->seek_first());
    } else if (choice == 1) {
      at = before(model.end());
      check(cursor->seek_last());
    } else if (choice == 2) {
      at = model.lower_bound(key);
      check(cursor->seek(key));
    } else if (choice == 3) {
      at = before(model.lower_bound(key));
      check(cursor->seek_before(key));
    } else if (choice < 8) {
      ++at;
      check(cursor->next());
    } else {
      at = before(at);
      check(cursor->prev());
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

void expect_same(Generator& generator, const Snapshot& snapshot, const Model& model) {
  ASSERT_EQ(scan(snapshot, {}), Listed(model.begin(), model.end()));
  const ScanRange range = some_range(generator);
  ASSERT_EQ(scan(snapshot, range), slice(model, range));
  for (int i = 0; i < 5; ++i) {
    const Bytes key = generator.key();
    const auto at = model.find(key);
    ASSERT_EQ(snapshot.get(key).value(),
              at == model.end() ? std::nullopt : std::optional(at->second));
  }
  expect_walk(generator, snapshot, model);
}

/// One store with power that goes, and two repositories over it.
class Desk {
 public:
  explicit Desk(Generator& generator) : generator_(generator), store_(generator.random()) {
    EXPECT_TRUE(Repository::create(store_, clock_).has_value());
    opening_.transaction_bytes_max = generator.chance(1, 2) ? 1'000'000 : 600;
    if (generator.chance(1, 2)) opening_.pending_edits_max = 1 + generator.below(60);
    if (generator.chance(1, 2)) opening_.pending_bytes_max = 1 + generator.below(4'000);
    open();
    if (!generator.chance(1, 2)) return;
    Retention retention;
    retention.moves = 1 + generator.below(10);
    if (generator.chance(1, 4)) retention.age = std::chrono::days{0};
    EXPECT_TRUE(first_->set_retention(retention).has_value());
  }

  void step() {
    switch (generator_.below(16)) {
      case 0:
        return build();
      case 1:
        return build_some_version();
      case 2:
        kept_.emplace_back(some().snapshot("main").value(), now());
        return;
      case 3:
        return look_at_snapshot();
      case 4:
        return lose_power();
      case 5:
        if (generator_.chance(1, 4)) {
          kept_.clear();  // their trees may be collected, as those of any old revision
          ASSERT_TRUE(some().collect_garbage().has_value());
        }
        return;
      case 6:
      case 7:
        return expect_same(generator_, some().snapshot("main").value(), now());
      default:
        return commit();
    }
  }

  void expect_soundness() {
    ASSERT_EQ(some().resolve("main").value(), root_of(now()));
    const auto report = some().verify();
    ASSERT_TRUE(report.has_value());
    ASSERT_TRUE(report->sound()) << report->faults[0].where << ": "
                                 << report->faults[0].error.message;
    ASSERT_TRUE(store_.heads().list({"edits/", {}, SIZE_MAX, false})->empty());
  }

  std::size_t losses() const { return losses_; }

 private:
  Repository& some() { return generator_.chance(1, 2) ? *first_ : *second_; }
  std::uint64_t version() { return first_->branch("main")->moves; }
  const Model& now() { return models_[version()]; }

  void open() {
    kept_.clear();
    first_ = std::make_unique<Repository>(Repository::open(store_, clock_, opening_).value());
    second_ = std::make_unique<Repository>(Repository::open(store_, clock_, opening_).value());
  }

  /// Several commits, each begun while the one before waits for the disk.
  void commit() {
    int others = generator_.chance(1, 4) ? 3 : 0;
    store_.while_waiting = [&] {
      if (others-- > 0) commit_one();
    };
    commit_one();
    store_.while_waiting = nullptr;
  }

  void commit_one() {
    const auto committed = some().transact("main", [&](Transaction& transaction) -> Result<void> {
      const std::uint64_t base = transaction.base().version().value();
      Model model = models_[base];
      const auto edits = generator_.edits(model, 1 + generator_.below(8));
      apply(model, edits);
      for (const KeyEdit& edit : edits) {
        DIALOG_TRY(edit.value ? transaction.put(edit.key, *edit.value)
                              : transaction.erase(edit.key));
      }
      const ScanRange range = some_range(generator_);
      EXPECT_EQ(scan(transaction, range), slice(model, range));
      models_[base + 1] = std::move(model);
      return {};
    });
    if (committed) {
      acknowledged_ = std::max(acknowledged_, *committed);
    } else {
      EXPECT_TRUE(is_interrupted_) << committed.error().message;
    }
  }

  /// Of the commits on their way, the last ones may be gone, and no other.
  void lose_power() {
    is_interrupted_ = true;
    store_.interrupt_commits(generator_.chance(1, 2) ? 1'000 : 500);
    commit();
    store_.interrupt_commits(0);
    store_.power_cut();
    is_interrupted_ = false;
    // What a repository remembers of lost commits must not show either.
    if (generator_.chance(1, 2)) open();
    const std::uint64_t left = version();
    ASSERT_GE(left, acknowledged_);
    if (models_.rbegin()->first > left) ++losses_;
    acknowledged_ = left;
    models_.erase(models_.upper_bound(left), models_.end());
    expect_same(generator_, first_->snapshot("main").value(), now());
    expect_same(generator_, second_->snapshot("main").value(), now());
  }

  void build() { ASSERT_EQ(some().resolve("main").value(), root_of(now())); }

  void build_some_version() {
    const std::uint64_t latest = version();
    const std::uint64_t wanted = latest - std::min<std::uint64_t>(latest, generator_.below(12));
    const bool is_pending = wanted >= first_->branch("main")->built_version();
    const auto revision = some().revision_at("main", wanted);
    if (!revision) {
      ASSERT_EQ(revision.error().code, ErrorCode::not_found);
      ASSERT_FALSE(is_pending);
      return;
    }
    ASSERT_EQ(*revision, root_of(models_[wanted]));
    const Model& model = models_[wanted];
    ASSERT_EQ(scan(some().snapshot(*revision), {}), Listed(model.begin(), model.end()));
  }

  void look_at_snapshot() {
    if (kept_.empty()) return;
    const auto& [snapshot, model] = generator_.pick(kept_);
    expect_same(generator_, snapshot, model);
    if (generator_.chance(1, 2)) {
      ASSERT_EQ(snapshot.revision().value(), root_of(model));
    }
  }

  Generator& generator_;
  sim::SimStore store_;
  ManualClock clock_;
  OpenRepository opening_;
  std::unique_ptr<Repository> first_;
  std::unique_ptr<Repository> second_;
  /// What each version holds.
  std::map<std::uint64_t, Model> models_{{0, Model{}}};
  std::uint64_t acknowledged_ = 0;
  std::vector<std::pair<Snapshot, Model>> kept_;
  bool is_interrupted_ = false;
  std::size_t losses_ = 0;
};

TEST(Commits, AreWhatTheyWouldBeHadEachBuiltItsTree) {
  std::size_t losses = 0;
  for_each_seed(400, [&](Generator& generator) {
    Desk desk(generator);
    for (int step = 0; step < 80 && !testing::Test::HasFailure(); ++step) desk.step();
    if (!testing::Test::HasFailure()) desk.expect_soundness();
    losses += desk.losses();
  });
  EXPECT_GT(losses, 100U) << "too few commits were lost to show anything";
}

}  // namespace
}  // namespace dialog::test
