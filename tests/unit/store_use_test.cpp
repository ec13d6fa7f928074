#include <map>
#include <set>

#include "engine_fixture.hpp"
#include "support/seeds.hpp"

namespace dialog::test {
namespace {

using store::Compression;
using store::Space;
using store::SpaceUse;
using Kind = Engine::PutOutcome::Kind;

class EngineUseTest : public EngineTest {
 protected:
  /// What the index and the log say, counted by hand: every block that can be visited.
  SpaceUse counted(Space space) {
    SpaceUse use;
    EXPECT_TRUE(engine()->flush({}).has_value());
    EXPECT_TRUE(engine()->for_each_block([&](const store::BlockKey& key, ByteView bytes) {
      if (key.space == space) use = {use.blocks + 1, use.bytes + bytes.size()};
      return true;
    }));
    return use;
  }
  SpaceUse use(Space space) { return engine()->use_of(space).value_or(SpaceUse{99, 99}); }
  Kind put_on(const Engine::PutTerms& terms, const std::vector<Block>& blocks) {
    const auto outcome = engine()->put(3, blocks, terms, {});
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    return outcome->kind;
  }
};

TEST_F(EngineUseTest, CountsWhatIsPutAndTakesBackWhatIsRemoved) {
  EXPECT_EQ(use(3), SpaceUse{});
  put(block("12345"), 3);
  EXPECT_EQ(use(3), (SpaceUse{1, 5})) << "before it is durable";
  put(block("12345"), 3);
  put(block("12345"), 4);
  EXPECT_EQ(use(3), (SpaceUse{1, 5}));
  ASSERT_TRUE(engine()->flush({}).has_value());
  ASSERT_TRUE(engine()->checkpoint().has_value());
  put(block("678"), 3);
  EXPECT_EQ(use(3), (SpaceUse{2, 8}));
  const std::vector<Hash> gone{block("12345").hash(), block("none").hash()};
  ASSERT_TRUE(engine()->remove(3, gone, {}).has_value());
  EXPECT_EQ(use(3), (SpaceUse{1, 3}));
  EXPECT_EQ(use(4), (SpaceUse{1, 5}));
  power_cut();
  EXPECT_EQ(use(3), (SpaceUse{1, 3}));
}

TEST_F(EngineUseTest, CountsPackedBlocksAsTheyAreStored) {
  const Block raw = block(Bytes(5000, 'a'));
  put(raw, 3);
  const SpaceUse packed = use(3);
  EXPECT_EQ(packed.blocks, 1U);
  EXPECT_LT(packed.bytes, 100U);
  power_cut();
  EXPECT_EQ(use(3), SpaceUse{}) << "it was not flushed";
  put(raw, 3);
  ASSERT_TRUE(engine()->flush({}).has_value());
  EXPECT_EQ(use(3), packed);
  power_cut();
  EXPECT_EQ(use(3), packed) << "counted from the log";
  ASSERT_TRUE(engine()->checkpoint().has_value());
  reopen();
  EXPECT_EQ(use(3), packed) << "counted by the index";
}

TEST_F(EngineUseTest, IsThatOfAModelWhateverHappens) {
  limits_.segment_bytes_max = 2000;
  limits_.filled_ahead_bytes = 64;
  limits_.buffered_bytes_max = 3000;
  limits_.compression = Compression::none;
  for_each_seed(20, [&](Generator& generator) {
    for (int step = 0; step < 150; ++step) {
      const auto space = static_cast<Space>(generator.between(1, 3));
      const auto some = [&] {
        const std::size_t number = generator.between(1, 40);
        return block(Generator(number).bytes(10 * number));
      };
      switch (generator.below(10)) {
        case 0:
          ASSERT_TRUE(engine()->checkpoint().has_value());
          break;
        case 1:
          ASSERT_TRUE(engine()->compact(0.9, {}).has_value());
          break;
        case 2: {
          const std::vector<Hash> gone{some().hash(), some().hash(), some().hash()};
          ASSERT_TRUE(engine()->remove(space, gone, {}).has_value());
          break;
        }
        case 3:
          if (generator.chance(1, 4)) power_cut();
          if (generator.chance(1, 4)) rebuild();
          break;
        case 4: {
          Process other(*this);
          const Block block = some();
          ASSERT_TRUE(engine()->flush({}).has_value());
          ASSERT_TRUE(other->put(space, {&block, 1}, {}).has_value());
          ASSERT_TRUE(other->flush({}).has_value());
          break;
        }
        default:
          put(some(), static_cast<int>(space));
      }
      if (generator.chance(1, 2)) continue;
      const SpaceUse told = use(space);
      ASSERT_EQ(told, counted(space)) << "step " << step;
    }
  });
}

TEST_F(EngineUseTest, APutStandsOnItsRecord) {
  set("owner", "one");
  Engine::PutTerms terms;
  terms.key = "owner";
  terms.value = "one";
  EXPECT_EQ(put_on(terms, {block("a")}), Kind::put);
  terms.value = "two";
  EXPECT_EQ(put_on(terms, {block("b")}), Kind::changed);
  EXPECT_FALSE(has(block("b"), 3));
  terms.key = "nobody";
  EXPECT_EQ(put_on(terms, {block("b")}), Kind::changed);
}

TEST_F(EngineUseTest, APutKeepsWithinItsBoundsToTheLastByte) {
  Engine::PutTerms terms;
  terms.bytes_max = 10;
  terms.blocks_max = 3;
  EXPECT_EQ(put_on(terms, {block("12345"), block("12345")}), Kind::put);
  EXPECT_EQ(put_on(terms, {block("678901")}), Kind::too_much);
  EXPECT_EQ(use(3), (SpaceUse{1, 5}));
  EXPECT_FALSE(has(block("678901"), 3));
  EXPECT_EQ(put_on(terms, {block("67890")}), Kind::put);
  EXPECT_EQ(put_on(terms, {block("")}), Kind::put);
  EXPECT_EQ(put_on(terms, {block("12345"), block("67890")}), Kind::put) << "they are there";
  terms.bytes_max.reset();
  EXPECT_EQ(put_on(terms, {block("x")}), Kind::too_much);
  // Bounds that were passed before they were set.
  terms.blocks_max = 1;
  EXPECT_EQ(put_on(terms, {block("12345")}), Kind::put);
  EXPECT_EQ(put_on(terms, {block("y")}), Kind::too_much);
}

TEST_F(EngineUseTest, ListsTheBlocksOfASpaceInParts) {
  std::set<Hash> wanted;
  for (int i = 0; i < 50; ++i) {
    const Block one = block("block " + std::to_string(i));
    put(one, 3);
    put(one, 4);
    wanted.insert(one.hash());
    ASSERT_TRUE(engine()->flush({}).has_value());
    if (i == 20) {
      ASSERT_TRUE(engine()->checkpoint().has_value());
    }
  }
  const std::vector<Hash> gone{block("block 3").hash(), block("block 40").hash()};
  ASSERT_TRUE(engine()->remove(3, gone, {}).has_value());
  for (const Hash& hash : gone) wanted.erase(hash);
  for (const std::size_t limit : {1U, 7U, 100U}) {
    std::set<Hash> seen;
    std::optional<Hash> after;
    do {
      const auto some = engine()->blocks_of(3, after, limit);
      ASSERT_TRUE(some.has_value());
      for (const Hash& hash : some->hashes) EXPECT_TRUE(seen.insert(hash).second);
      after = some->rest_after;
    } while (after);
    EXPECT_EQ(seen, wanted) << "limit " << limit;
  }
}

TEST_F(EngineUseTest, TellsWhenOtherProcessesChangedSomething) {
  Process other(*this);
  set("a", "1");
  const std::uint64_t before = engine()->follow().value();
  set("a", "2");
  EXPECT_EQ(engine()->follow().value(), before) << "its own changes are none";
  ASSERT_TRUE(commit(other, {{"a", "2", "3"}}));
  EXPECT_NE(engine()->follow().value(), before);
}

}  // namespace
}  // namespace dialog::test
