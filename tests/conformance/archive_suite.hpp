#pragma once

#include <gtest/gtest.h>
#include <map>
#include <string_view>
#include <vector>

#include "archive_fixture.hpp"

namespace dialog::test {

/// What every `Archive` must do.
class ArchiveConformance : public FixtureTest<ArchiveFixture> {
 protected:
  Archive& archive() { return fixture().archive(); }

  static Block block(std::string_view text) { return Block::of(Bytes(text)); }

  void put(const std::vector<Block>& blocks) {
    const auto stored = archive().put(blocks);
    ASSERT_TRUE(stored) << stored.error().message;
  }

  void flush() {
    const auto flushed = archive().flush();
    ASSERT_TRUE(flushed) << flushed.error().message;
  }

  /// The bytes of each block, in order; "absent" where there is none.
  std::vector<Bytes> get(const std::vector<Hash>& hashes) {
    const auto found = archive().get(hashes);
    if (!found) {
      ADD_FAILURE() << found.error().message;
      return {};
    }
    std::vector<Bytes> texts;
    for (std::size_t i = 0; i < found->size(); ++i) {
      const auto& answer = (*found)[i];
      if (answer && i < hashes.size()) {
        EXPECT_EQ(answer->hash(), hashes[i]);
      }
      texts.emplace_back(answer ? answer->bytes() : "absent");
    }
    return texts;
  }

  std::vector<bool> has(const std::vector<Hash>& hashes) {
    const auto present = archive().has(hashes);
    if (!present) ADD_FAILURE() << present.error().message;
    return present.value_or(std::vector<bool>{});
  }

  /// Expects exactly this error from each of the four calls.
  void expect_all_fail(const Context& context, ErrorCode code) {
    const Block stored = block("stored");
    const std::vector<Hash> hashes{stored.hash()};
    const std::vector<Block> blocks{stored};
    const auto got = archive().get(hashes, context);
    const auto put = archive().put(blocks, context);
    const auto had = archive().has(hashes, context);
    const auto flushed = archive().flush(context);
    ASSERT_FALSE(got || put || had || flushed);
    EXPECT_EQ(got.error().code, code) << got.error().message;
    EXPECT_EQ(put.error().code, code) << put.error().message;
    EXPECT_EQ(had.error().code, code) << had.error().message;
    EXPECT_EQ(flushed.error().code, code) << flushed.error().message;
  }
};

/// What every `CollectableArchive` must do beside that.
class CollectableArchiveConformance : public ArchiveConformance {
 protected:
  void SetUp() override { ASSERT_NE(fixture().collectable(), nullptr); }

  CollectableArchive& collectable() { return *fixture().collectable(); }

  std::map<Hash, Bytes> visited() {
    std::map<Hash, Bytes> seen;
    const auto outcome = collectable().for_each([&](const Hash& hash, ByteView bytes) {
      EXPECT_TRUE(seen.emplace(hash, bytes).second) << "visited twice: " << hash.hex();
      return true;
    });
    EXPECT_TRUE(outcome) << outcome.error().message;
    return seen;
  }

  void remove(const std::vector<Hash>& hashes) {
    const auto removed = collectable().remove(hashes);
    ASSERT_TRUE(removed) << removed.error().message;
  }
};

/// What every archive must do that outlives its process.
class DurableArchiveConformance : public ArchiveConformance {};

}  // namespace dialog::test
