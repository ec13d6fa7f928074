#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "dialog/store/index.hpp"
#include "support/factory.hpp"

namespace dialog::test {

/// The index of a log with nothing in it.
class StoreIndexFixture : public Fixture {
 public:
  /// Valid until `reopen`.
  virtual store::Index& index() = 0;
  /// Another process comes later.
  virtual void reopen() = 0;
};

/// What every index of a log must do.
class StoreIndexConformance : public FixtureTest<StoreIndexFixture> {
 protected:
  using Changes = store::Index::Changes;
  using Stored = store::Index::StoredRecord;

  store::Index& index() { return fixture().index(); }

  static Hash hash(int i) { return Hash::of(std::to_string(i)); }
  static store::Tip tip(std::uint64_t sequence) {
    return {{7, static_cast<std::uint32_t>(64 * sequence)}, sequence, sequence * 1000};
  }
  static store::Place place(int i) {
    return {{static_cast<std::uint32_t>(i % 3 + 1), static_cast<std::uint32_t>(64 * i)}, 100};
  }
  /// The first `count` blocks of a space and some records, as of a tip.
  static Changes filled(int count, std::uint64_t sequence) {
    Changes changes;
    changes.tip = tip(sequence);
    for (int i = 0; i < count; ++i) {
      changes.blocks.emplace_back(store::BlockKey{5, hash(i)}, place(i));
      changes.records.emplace_back(name(i), Stored{4, "value " + std::to_string(i)});
    }
    return changes;
  }
  static Bytes name(int i) { return "key/" + std::to_string(100000 + i); }

  void apply(const Changes& changes) {
    const auto applied = index().apply(changes);
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
  }
  std::vector<Bytes> keys(const store::Index::RecordRange& range, std::size_t limit = SIZE_MAX) {
    std::vector<Bytes> found;
    EXPECT_TRUE(index()
                    .for_each_record(range,
                                     [&](ByteView key, const auto&) {
                                       found.emplace_back(key);
                                       return found.size() < limit;
                                     })
                    .has_value());
    return found;
  }
};

}  // namespace dialog::test
