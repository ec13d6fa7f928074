#include <charconv>
#include <gtest/gtest.h>
#include <string>

#include "dialog/identity/capability.hpp"
#include "golden/capability_txt.hpp"
#include "support/golden.hpp"

namespace dialog {
namespace {

using std::chrono::seconds;
using enum CapabilityAccess;

SecretKey key(int byte) { return *SecretKey::from_seed(Bytes(32, static_cast<char>(byte))); }
PublicKey public_key(int byte) { return key(byte).public_key(); }

Grant grant(int audience, CapabilityAccess access = write, std::int64_t from = 1000,
            std::int64_t until = 2000, std::uint8_t nonce = 0) {
  Grant made{public_key(audience), access, seconds(from), seconds(until), {}};
  made.nonce.fill(nonce);
  return made;
}

// From key 1 to key 2, and on to key 3.
Capability chain(const Grant& second = grant(3, read, 1100, 1900)) {
  return *Capability::issue(key(1), grant(2))->hand_on(key(2), second);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}
std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST(Capability, EqualsTheGoldenVectors) {
  const auto rows = test::golden_rows(test::golden::capability_txt, 4);
  ASSERT_EQ(rows.size(), 4U);
  for (const auto& row : rows) {
    std::optional<Capability> made;
    int issuer = static_cast<int>(number(row[0]));
    for (const std::string_view link : split(row[1], ';')) {
      const auto parts = split(link, ',');
      const int audience = static_cast<int>(number(parts[0]));
      const Grant next = grant(audience, parts[1] == "write" ? write : read, number(parts[2]),
                               number(parts[3]), static_cast<std::uint8_t>(number(parts[4])));
      const auto extended =
          made ? made->hand_on(key(issuer), next) : Capability::issue(key(issuer), next);
      ASSERT_TRUE(extended.has_value()) << extended.error().message;
      made = *extended;
      issuer = audience;
    }
    EXPECT_EQ(to_hex(made->bytes()), row[2]);
    EXPECT_EQ(made->id().hex(), row[3]);
    const auto decoded = Capability::decode(test::golden_bytes(row[2]));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(*decoded, *made);
    EXPECT_TRUE(decoded->verify());
  }
}

TEST(Capability, SaysWhoMayDoWhatAndWhen) {
  const Capability capability = chain();
  EXPECT_EQ(capability.subject(), Did::of(public_key(1)));
  EXPECT_EQ(capability.audience(), public_key(3));
  EXPECT_EQ(capability.access(), read);
  EXPECT_EQ(capability.not_before(), seconds(1100));
  EXPECT_EQ(capability.expires(), seconds(1900));
  EXPECT_EQ(capability.grants().size(), 2U);
  EXPECT_EQ(capability.issuer(0), public_key(1));
  EXPECT_EQ(capability.issuer(1), public_key(2));
}

TEST(Capability, SurvivesAsText) {
  const auto again = Capability::from_text(" " + chain().text() + "\r\n");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(*again, chain());
  EXPECT_EQ(again->grants(), chain().grants());
}

TEST(Capability, IsNotHandedOnWiderThanItIs) {
  const Capability first = *Capability::issue(key(1), grant(2, read));
  for (const Grant& wider : {grant(3, write), grant(3, read, 999, 2000), grant(3, read, 1000, 2001),
                             grant(3, read, 1500, 1500), grant(3, read, 1500, 1400)}) {
    const auto refused = first.hand_on(key(2), wider);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(first.hand_on(key(2), grant(3, read)).has_value());
}

TEST(Capability, IsHandedOnByItsAudienceOnly) {
  const Capability first = *Capability::issue(key(1), grant(2));
  EXPECT_EQ(first.hand_on(key(1), grant(3)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(first.hand_on(key(3), grant(3)).error().code, ErrorCode::invalid_argument);
}

TEST(Capability, HasAtMostFourLinks) {
  Capability capability = *Capability::issue(key(1), grant(2));
  for (int holder = 2; holder < 5; ++holder)
    capability = *capability.hand_on(key(holder), grant(holder + 1));
  EXPECT_EQ(capability.bytes().size(), Capability::kBytesMax);
  EXPECT_EQ(capability.text().size(), Capability::kTextBytesMax);
  EXPECT_EQ(capability.hand_on(key(5), grant(6)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(Capability::decode(capability.bytes() + Bytes(129, '\0')).error().code,
            ErrorCode::too_large);
}

TEST(Capability, LastsAtMostFourHundredDays) {
  const std::int64_t most = 400 * 86400;
  EXPECT_TRUE(Capability::issue(key(1), grant(2, read, 0, most)).has_value());
  EXPECT_FALSE(Capability::issue(key(1), grant(2, read, 0, most + 1)).has_value());
  EXPECT_FALSE(Capability::issue(key(1), grant(2, read, -1, 1)).has_value());
  EXPECT_FALSE(Capability::issue(key(1), grant(2, read, 253'402'300'799, 253'402'300'800)));
}

TEST(Capability, DoesNotVerifyWithAnyByteChanged) {
  const Bytes bytes = chain().bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto decoded = Capability::decode(changed);
    EXPECT_FALSE(decoded && decoded->verify()) << i;
  }
}

TEST(Capability, DoesNotVerifyWhereAForgerExtendedIt) {
  // Key 4 puts a link behind a grant to key 2.
  const Bytes mine = Capability::issue(key(4), grant(3))->bytes();
  const Bytes first = Capability::issue(key(1), grant(2))->bytes();
  const auto forged = Capability::decode(first + mine.substr(33));
  ASSERT_TRUE(forged.has_value());
  EXPECT_FALSE(forged->verify());
}

TEST(Capability, RefusesBytesThatAreWiderThanTheirParent) {
  // A holder may sign anything; readers must judge it.
  const Bytes first = Capability::issue(key(1), grant(2, read))->bytes();
  const Bytes wide = Capability::issue(key(1), grant(2, write))->hand_on(key(2), grant(3))->bytes();
  const auto decoded = Capability::decode(first + wide.substr(first.size()));
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::malformed);
}

TEST(Capability, RefusesOtherBytes) {
  const Bytes good = chain().bytes();
  Bytes version = good;
  version[0] = 2;
  Bytes access = good;
  access[33 + 32] = 3;
  Bytes late = good;
  late[33 + 32 + 1 + 8 + 7] = 1;
  for (const Bytes& bad : {Bytes(), good.substr(0, 33), good.substr(0, good.size() - 1), good + "x",
                           version, access, late}) {
    const auto decoded = Capability::decode(bad);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().code, ErrorCode::malformed);
  }
  EXPECT_EQ(Capability::from_text("not base64").error().code, ErrorCode::malformed);
  EXPECT_EQ(Capability::from_text(std::string(Capability::kTextBytesMax + 1, 'A')).error().code,
            ErrorCode::too_large);
}

TEST(Capability, HasAnIdOfItsOwnForEachLinkAndNonce) {
  EXPECT_EQ(chain().id(0), Capability::issue(key(1), grant(2))->id());
  EXPECT_NE(chain().id(0), chain().id(1));
  EXPECT_NE(Capability::issue(key(1), grant(2, write, 1000, 2000, 7))->id(), chain().id(0));
}

}  // namespace
}  // namespace dialog
