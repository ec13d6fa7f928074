#include <charconv>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <unordered_set>

#include "dialog/base/hash.hpp"
#include "golden/blake3_txt.hpp"
#include "support/golden.hpp"
#include "support/seeds.hpp"

namespace dialog {
namespace {

struct Vector {
  Bytes input;
  std::string hash;
};

std::vector<Vector> published_vectors() {
  std::vector<Vector> vectors;
  for (const auto& row : test::golden_rows(test::golden::blake3_txt, 2)) {
    std::size_t size = 0;
    std::from_chars(row[0].data(), row[0].data() + row[0].size(), size);
    Bytes input(size, '\0');
    for (std::size_t i = 0; i < size; ++i) input[i] = static_cast<char>(i % 251);
    vectors.push_back({std::move(input), std::string(row[1])});
  }
  return vectors;
}

TEST(Hash, EqualsThePublishedVectors) {
  const auto vectors = published_vectors();
  ASSERT_EQ(vectors.size(), 22U);
  for (const auto& [input, hash] : vectors) EXPECT_EQ(Hash::of(input).hex(), hash) << input.size();
}

std::vector<Hash> hashed_together(const std::vector<Bytes>& inputs) {
  const std::vector<ByteView> views(inputs.begin(), inputs.end());
  std::vector<Hash> hashes(views.size());
  hash_each(views, hashes);
  return hashes;
}

TEST(HashEach, EqualsThePublishedVectors) {
  const auto vectors = published_vectors();
  std::vector<Bytes> inputs;
  for (const Vector& vector : vectors) inputs.push_back(vector.input);
  const auto hashes = hashed_together(inputs);
  for (std::size_t i = 0; i < vectors.size(); ++i)
    EXPECT_EQ(hashes[i].hex(), vectors[i].hash) << vectors[i].input.size();
}

TEST(HashEach, EqualsHashOfForEverySizeOfAFewChunks) {
  std::vector<Bytes> inputs;
  for (std::size_t size = 0; size <= 5000; size += size % 64 < 2 || size % 64 > 61 ? 1 : 20)
    inputs.emplace_back(size, static_cast<char>(size));
  const auto hashes = hashed_together(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    EXPECT_EQ(hashes[i], Hash::of(inputs[i])) << inputs[i].size();
}

TEST(HashEach, EqualsHashOfForAnyMixture) {
  test::for_each_seed(20, [](test::Generator& random) {
    std::vector<Bytes> inputs;
    for (std::size_t i = random.below(700); i > 0; --i)
      inputs.push_back(random.bytes(random.below(20'000)));
    const auto hashes = hashed_together(inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      ASSERT_EQ(hashes[i], Hash::of(inputs[i])) << inputs[i].size();
  });
}

TEST(HashEach, TakesNoInputAtAll) { EXPECT_TRUE(hashed_together({}).empty()); }

TEST(Hasher, EqualsThePublishedVectorsHoweverTheInputIsCut) {
  for (const auto& [input, hash] : published_vectors()) {
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{64}, std::size_t{1000}, std::size_t{1024}}) {
      if (input.size() > 10'000 && step == 1) continue;
      Hasher hasher;
      for (std::size_t i = 0; i < input.size(); i += step)
        hasher.update(ByteView(input).substr(i, step));
      EXPECT_EQ(hasher.finish().hex(), hash) << input.size() << " by " << step;
    }
  }
}

TEST(Hasher, GoesOnAfterFinish) {
  Hasher hasher;
  hasher.update("one");
  EXPECT_EQ(hasher.finish(), Hash::of("one"));
  hasher.update(" two");
  EXPECT_EQ(hasher.finish(), Hash::of("one two"));
}

TEST(Hasher, CopiesGoTheirOwnWays) {
  Hasher first;
  first.update("a");
  Hasher second = first;
  first.update("b");
  second.update("c");
  EXPECT_EQ(first.finish(), Hash::of("ab"));
  EXPECT_EQ(second.finish(), Hash::of("ac"));
}

TEST(Hash, DefaultIsZero) {
  EXPECT_TRUE(Hash{}.is_zero());
  EXPECT_EQ(Hash{}.hex(), std::string(64, '0'));
  EXPECT_FALSE(Hash::of("").is_zero());
}

TEST(Hash, ReadsWhatItWrites) {
  const Hash hash = Hash::of("x");
  EXPECT_EQ(Hash::from_hex(hash.hex()), hash);
  EXPECT_EQ(Hash::from_bytes(hash.bytes()), hash);
}

TEST(Hash, ReadsUpperCase) {
  std::string text = Hash::of("x").hex();
  for (char& c : text) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  EXPECT_EQ(Hash::from_hex(text), Hash::of("x"));
}

TEST(Hash, RefusesOtherLengthsAndCharacters) {
  const std::string text = Hash::of("x").hex();
  EXPECT_FALSE(Hash::from_hex(""));
  EXPECT_FALSE(Hash::from_hex(text.substr(1)));
  EXPECT_FALSE(Hash::from_hex(text + "0"));
  EXPECT_FALSE(Hash::from_hex("g" + text.substr(1)));
  EXPECT_FALSE(Hash::from_hex("\"" + text + "\""));
  EXPECT_FALSE(Hash::from_bytes(""));
  EXPECT_FALSE(Hash::from_bytes(Bytes(31, 'x')));
  EXPECT_FALSE(Hash::from_bytes(Bytes(33, 'x')));
}

TEST(Hash, OrdersAsItsBytesAndAsItsHex) {
  test::for_each_seed(50, [](test::Generator& generator) {
    const auto a = Hash::of(generator.bytes(8));
    const auto b = Hash::of(generator.bytes(8));
    EXPECT_EQ(a < b, a.bytes() < b.bytes());
    EXPECT_EQ(a < b, a.hex() < b.hex());
  });
}

TEST(Hash, IsAKeyOfBothKindsOfSets) {
  const std::unordered_set<Hash> unordered{Hash::of("a"), Hash::of("b"), Hash::of("a")};
  const std::set<Hash> ordered(unordered.begin(), unordered.end());
  EXPECT_EQ(unordered.size(), 2U);
  EXPECT_EQ(ordered.size(), 2U);
}

}  // namespace
}  // namespace dialog
