#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "dialog/cloud/s3_config.hpp"
#include "dialog/cloud/s3_register.hpp"
#include "dialog/http/loopback_client.hpp"

namespace dialog {
namespace {

std::string url_of(std::string_view location) {
  const auto parsed = S3Location::parse(location);
  return parsed ? parsed->object_url("name") : parsed.error().message;
}

TEST(S3Location, IsAtAmazonWhereNoEndpointIsNamed) {
  EXPECT_EQ(url_of("s3://bucket/a/b"), "https://bucket.s3.us-east-1.amazonaws.com/a/b/name");
  EXPECT_EQ(url_of("s3://bucket?region=eu-west-1"),
            "https://bucket.s3.eu-west-1.amazonaws.com/name");
  EXPECT_EQ(url_of("s3://bucket.with.dots/a"),
            "https://s3.us-east-1.amazonaws.com/bucket.with.dots/a/name");
}

TEST(S3Location, TakesPathStyleWhereAnEndpointIsNamed) {
  EXPECT_EQ(url_of("s3://bucket/a?endpoint=http://127.0.0.1:9000"),
            "http://127.0.0.1:9000/bucket/a/name");
  EXPECT_EQ(url_of("s3://bucket/a?endpoint=https%3A%2F%2Fstore.example%3A443&path-style=false"),
            "https://bucket.store.example/a/name");
  EXPECT_EQ(url_of("s3://bucket/a?path-style=true"),
            "https://s3.us-east-1.amazonaws.com/bucket/a/name");
}

TEST(S3Location, PrintsItselfInOneWay) {
  const auto parsed = S3Location::parse(
      "s3://bucket/a/?path-style=true&region=eu-west-1&endpoint=HTTPS://Store.example:443/");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->text(),
            "s3://bucket/a?endpoint=https://store.example&region=eu-west-1&path-style=true");
  EXPECT_EQ(S3Location::parse(parsed->text()), *parsed);
}

TEST(S3Location, RefusesWhatItDoesNotUnderstand) {
  for (const char* url :
       {"s3:/bucket", "http://bucket", "s3://", "s3://ab", "s3://Bucket", "s3://bu..cket",
        "s3://-bucket", "s3://bucket//a", "s3://bucket/a/../b", "s3://bucket/.", "s3://bucket/a b",
        "s3://bucket/a%20b", "s3://bucket?colour=red",
        "s3://bucket?region=", "s3://bucket?region=a&region=b", "s3://bucket?path-style=1",
        "s3://bucket?endpoint=ftp://x", "s3://bucket?endpoint=http://x%2", "s3://user:pw@bucket"}) {
    const auto parsed = S3Location::parse(url);
    ASSERT_FALSE(parsed.has_value()) << url;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
  }
}

ErrorCode creation(const char* url, bool allow_plain_http, std::string secret = "secret") {
  const HttpTransport transport{
      std::make_shared<LoopbackHttpClient>([](const HttpRequest&) { return HttpResponse{}; }),
      &system_clock(), &system_random()};
  S3Config config{*S3Location::parse(url),
                  {"access", std::move(secret), ""},
                  std::chrono::seconds(30),
                  {},
                  allow_plain_http};
  const auto made = S3Register::create(std::move(config), transport);
  return made ? ErrorCode::internal : made.error().code;
}

TEST(S3Config, SpeaksPlainHttpToThisMachineOnlyUnlessTold) {
  EXPECT_EQ(creation("s3://bucket?endpoint=http://store.example", false),
            ErrorCode::invalid_argument);
  EXPECT_EQ(creation("s3://bucket?endpoint=http://store.example", true), ErrorCode::internal);
  EXPECT_EQ(creation("s3://bucket?endpoint=http://127.0.0.1:1", false), ErrorCode::internal);
}

TEST(S3Config, NeedsCredentialsOfVisibleCharacters) {
  EXPECT_EQ(creation("s3://bucket", false, ""), ErrorCode::unauthorized);
  EXPECT_EQ(creation("s3://bucket", false, "a b"), ErrorCode::unauthorized);
  EXPECT_EQ(creation("s3://bucket", false, "a\r\nb"), ErrorCode::unauthorized);
}

}  // namespace
}  // namespace dialog
