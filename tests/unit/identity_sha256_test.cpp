#include <gtest/gtest.h>
#include <string>

#include "dialog/base/bytes.hpp"
#include "dialog/identity/sha256.hpp"

namespace dialog {
namespace {

std::string hash_of(ByteView bytes) { return to_hex(bytes_of(sha256(bytes))); }

// FIPS 180-4 and NIST's examples.
TEST(Sha256, EqualsTheVectorsOfNist) {
  EXPECT_EQ(hash_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash_of(Bytes(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PadsEveryLengthAroundABlock) {
  // The hash of the concatenated hashes of 0 to 130 octets, by Python's hashlib.
  Bytes all;
  for (std::size_t size = 0; size <= 130; ++size) all += bytes_of(sha256(Bytes(size, 'x')));
  EXPECT_EQ(hash_of(all), "f5a018ad6f7a21c451c8d98b57699f4aeeb1976b88771c339c7ea60cd09c64ef");
}

// RFC 4231, test cases 1, 2 and 6.
TEST(HmacSha256, EqualsTheVectorsOfRfc4231) {
  EXPECT_EQ(to_hex(bytes_of(hmac_sha256(Bytes(20, '\x0b'), "Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(bytes_of(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(bytes_of(hmac_sha256(Bytes(131, '\xaa'),
                                        "Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace dialog
