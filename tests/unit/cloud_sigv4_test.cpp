#include <chrono>
#include <gtest/gtest.h>
#include <string>

#include "dialog/cloud/sigv4.hpp"

namespace dialog {
namespace {

// The credentials, times and signatures of the examples that AWS documents for S3.
const AwsCredentials kDocumented{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                 ""};
const sigv4::Scope kScope{"us-east-1", "s3"};
constexpr WallTime kTime = std::chrono::seconds(1'369'353'600);

std::string authorization(HttpRequest request, const AwsCredentials& credentials = kDocumented) {
  sigv4::sign(request, credentials, kScope, kTime);
  const std::string* field = request.headers.find("Authorization");
  return field ? *field : std::string();
}

constexpr std::string_view kStart =
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ";

TEST(SigV4, SignsTheDocumentedGetOfARange) {
  HttpRequest request{"GET", "https://examplebucket.s3.amazonaws.com/test.txt", {}, {}};
  request.headers.add("Range", "bytes=0-9");
  EXPECT_EQ(authorization(request),
            std::string(kStart) +
                "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, SignsTheDocumentedPutOfAnObject) {
  HttpRequest request{
      "PUT",
      "https://examplebucket.s3.amazonaws.com" + sigv4::encode_path("/test$file.text"),
      {},
      "Welcome to Amazon S3."};
  request.headers.add("Date", "Fri, 24 May 2013 00:00:00 GMT");
  request.headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_EQ(authorization(request),
            std::string(kStart) +
                "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
                "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, SignsTheDocumentedQueryWithoutAValue) {
  const HttpRequest request{"GET", "https://examplebucket.s3.amazonaws.com/?lifecycle", {}, {}};
  EXPECT_EQ(authorization(request),
            std::string(kStart) +
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, SignsTheDocumentedListInWhateverOrderItsParametersStand) {
  for (const char* query : {"max-keys=2&prefix=J", "prefix=J&max-keys=2"}) {
    const HttpRequest request{
        "GET", std::string("https://examplebucket.s3.amazonaws.com/?") + query, {}, {}};
    EXPECT_EQ(authorization(request),
              std::string(kStart) +
                  "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                  "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  }
}

TEST(SigV4, SignsTheTokenOfTemporaryCredentials) {
  HttpRequest request{"GET", "https://bucket.example/key", {}, {}};
  AwsCredentials temporary = kDocumented;
  temporary.session_token = "the token";
  sigv4::sign(request, temporary, kScope, kTime);
  ASSERT_NE(request.headers.find("x-amz-security-token"), nullptr);
  EXPECT_EQ(*request.headers.find("x-amz-security-token"), "the token");
  EXPECT_NE(request.headers.find("Authorization")->find("x-amz-date;x-amz-security-token"),
            std::string::npos);
}

TEST(SigV4, EncodesAllButWhatIsUnreserved) {
  EXPECT_EQ(sigv4::encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(sigv4::encode("a/b c+d=\xff"), "a%2Fb%20c%2Bd%3D%FF");
  EXPECT_EQ(sigv4::encode_path("/a b/:"), "/a%20b/%3A");
}

TEST(SigV4, PrintsTimesAcrossMonthsAndLeapDays) {
  EXPECT_EQ(sigv4::print_time(WallTime(0)), "19700101T000000Z");
  EXPECT_EQ(sigv4::print_time(kTime), "20130524T000000Z");
  EXPECT_EQ(sigv4::print_time(std::chrono::seconds(951'827'696)), "20000229T123456Z");
  EXPECT_EQ(sigv4::print_time(std::chrono::seconds(4'102'444'799)), "20991231T235959Z");
}

}  // namespace
}  // namespace dialog
