#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>

#include "dialog/identity/ed25519.hpp"
#include "golden/ed25519_edges_txt.hpp"
#include "golden/ed25519_rfc8032_txt.hpp"
#include "support/golden.hpp"
#include "support/seeds.hpp"

namespace dialog {
namespace {

using namespace std::string_view_literals;

SecretKey some_key() { return *SecretKey::from_seed(Bytes(32, 's')); }

TEST(Ed25519, EqualsTheVectorsOfRfc8032) {
  const auto rows = test::golden_rows(test::golden::ed25519_rfc8032_txt, 4);
  ASSERT_EQ(rows.size(), 4U);
  for (const auto& row : rows) {
    const auto key = SecretKey::from_seed(test::golden_bytes(row[0]));
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->public_key().bytes()), row[1]);
    const Bytes message = test::golden_bytes(row[2]);
    const Signature signature = key->sign(message);
    EXPECT_EQ(to_hex(signature.bytes()), row[3]);
    EXPECT_TRUE(key->public_key().verify(message, signature));
  }
}

TEST(Ed25519, JudgesEveryEdgeCaseByTheOneRule) {
  const auto rows = test::golden_rows(test::golden::ed25519_edges_txt, 5);
  ASSERT_GT(rows.size(), 300U);
  int valid = 0;
  for (const auto& row : rows) {
    const auto key = PublicKey::from_bytes(test::golden_bytes(row[1]));
    const auto signature = Signature::from_bytes(test::golden_bytes(row[2]));
    ASSERT_TRUE(key && signature) << row[4];
    const bool expected = row[0] == "valid";
    EXPECT_EQ(key->verify(test::golden_bytes(row[3]), *signature), expected)
        << row[4] << ": " << row[1] << " " << row[2];
    valid += expected ? 1 : 0;
  }
  EXPECT_GT(valid, 20);
}

TEST(Ed25519, VerifiesWhatItSigned) {
  test::for_each_seed(50, [](test::Generator& generator) {
    const auto key = SecretKey::from_seed(generator.bytes(32));
    const Bytes message = generator.bytes(generator.below(3000));
    EXPECT_TRUE(key->public_key().verify(message, key->sign(message)));
  });
}

TEST(Ed25519, RefusesAnotherKeyMessageOrSignature) {
  test::for_each_seed(50, [](test::Generator& generator) {
    const auto key = SecretKey::from_seed(generator.bytes(32));
    const Bytes message = generator.bytes(generator.between(1, 100));
    const Signature signature = key->sign(message);
    const auto flipped = [&](ByteView bytes) {
      Bytes other(bytes);
      const auto at = generator.below(other.size());
      other[at] = static_cast<char>(other[at] ^ (1 << generator.below(8)));
      return other;
    };
    EXPECT_FALSE(key->public_key().verify(flipped(message), signature));
    EXPECT_FALSE(key->public_key().verify(message + "x", signature));
    EXPECT_FALSE(
        key->public_key().verify(message, *Signature::from_bytes(flipped(signature.bytes()))));
    EXPECT_FALSE(
        PublicKey::from_bytes(flipped(key->public_key().bytes()))->verify(message, signature));
  });
}

TEST(Ed25519, SignsDeterministically) {
  EXPECT_EQ(some_key().sign("m"), some_key().sign("m"));
  EXPECT_NE(some_key().sign("m"), some_key().sign("n"));
}

TEST(Keys, HaveExactlyTheirLengths) {
  for (const auto size : {0U, 1U, 31U, 33U, 63U, 65U}) {
    const Bytes bytes(size, 'x');
    EXPECT_FALSE(PublicKey::from_bytes(bytes));
    EXPECT_FALSE(Signature::from_bytes(bytes));
    EXPECT_FALSE(SecretKey::from_seed(bytes));
  }
  EXPECT_FALSE(PublicKey::from_bytes(Bytes(64, 'x')));
  EXPECT_FALSE(Signature::from_bytes(Bytes(32, 'x')));
  EXPECT_FALSE(SecretKey::from_seed(Bytes(64, 'x')));
}

TEST(SecretKey, ComesFromTheRandomSource) {
  class Counting final : public RandomSource {
   public:
    void fill(std::span<std::uint8_t> out) override {
      for (auto& octet : out) octet = next_++;
    }

   private:
    std::uint8_t next_ = 0;
  };
  Counting random;
  const SecretKey first = SecretKey::generate(random);
  const SecretKey second = SecretKey::generate(random);
  EXPECT_EQ(first.to_text(),
            SecretKey::from_text("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
                ->to_text());
  EXPECT_NE(first.public_key(), second.public_key());
}

TEST(SecretKey, IsNewEachTime) {
  const SecretKey a = SecretKey::generate();
  const SecretKey b = SecretKey::generate();
  EXPECT_NE(a.public_key(), b.public_key());
}

TEST(SecretKey, TextReadsBack) {
  const std::string text = some_key().to_text();
  EXPECT_TRUE(text.starts_with("z3u2")) << text;
  const auto key = SecretKey::from_text(text);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->public_key(), some_key().public_key());
}

TEST(SecretKey, TextIsAMultikey) {
  const auto key = SecretKey::from_text("z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(to_hex(key->public_key().bytes()),
            "3a5ed402012ecdbe202c6d0b4304e7bae04089f21ff98c6212b1f8d42b93a746");
  EXPECT_EQ(key->to_text(), "z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq");
}

TEST(SecretKey, TextMayBeHexAndHaveSpaceAround) {
  const std::string hex = to_hex(Bytes(32, 's'));
  for (const std::string& text :
       {hex, hex + "\n", "\t " + hex + " \r\n", some_key().to_text() + "\n"}) {
    const auto key = SecretKey::from_text(text);
    ASSERT_TRUE(key) << text;
    EXPECT_EQ(key->public_key(), some_key().public_key());
  }
}

TEST(SecretKey, RefusesOtherTextsWithoutQuotingThem) {
  const std::string text = some_key().to_text();
  const std::string hex = to_hex(Bytes(32, 's'));
  for (const std::string& bad :
       {std::string(), std::string(" \n"), text.substr(0, text.size() - 1), text + "1", "z" + text,
        hex.substr(1), hex + "0", hex.substr(2) + "zz", std::string("z"),
        std::string("z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi"),
        std::string(1'000'000, 'z')}) {
    const auto key = SecretKey::from_text(bad);
    ASSERT_FALSE(key) << bad;
    EXPECT_EQ(key.error().code, ErrorCode::malformed);
    if (bad.size() > 8) {
      EXPECT_THAT(key.error().message, ::testing::Not(::testing::HasSubstr(bad.substr(4, 8))));
    }
  }
}

TEST(SecretKey, IsWipedWhereItIsMovedFrom) {
  SecretKey from = some_key();
  const SecretKey to = std::move(from);
  EXPECT_EQ(to.public_key(), some_key().public_key());
  // NOLINTNEXTLINE(bugprone-use-after-move): what is left is the point.
  EXPECT_EQ(to_hex(from.public_key().bytes()), std::string(64, '0'));
}

TEST(SecretKey, IsWipedWhereItDies) {
  alignas(SecretKey) unsigned char place[sizeof(SecretKey)];
  auto* key = new (place) SecretKey(some_key());
  ASSERT_NE(ByteView(reinterpret_cast<const char*>(place), 32), Bytes(32, '\0'));
  key->~SecretKey();
  EXPECT_EQ(ByteView(reinterpret_cast<const char*>(place), sizeof place),
            Bytes(sizeof place, '\0'));
}

TEST(SecretKey, SurvivesAssignmentToItself) {
  SecretKey key = some_key();
  SecretKey& alias = key;
  key = std::move(alias);
  EXPECT_EQ(key.public_key(), some_key().public_key());
}

TEST(ConstantTimeEqual, IsEquality) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("token\0a"sv, "token\0a"sv));
  EXPECT_FALSE(constant_time_equal("token\0a"sv, "token\0b"sv));
  EXPECT_FALSE(constant_time_equal("token", "token2"));
  EXPECT_FALSE(constant_time_equal("", "t"));
  EXPECT_FALSE(constant_time_equal("xoken", "token"));
}

TEST(Wipe, OverwritesAndClears) {
  std::string secret(64, 's');
  const char* const place = secret.data();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(place, secret.data());
}

}  // namespace
}  // namespace dialog
