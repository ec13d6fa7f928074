#include <gtest/gtest.h>
#include <string>

#include "request_head.hpp"

namespace dialog::server {
namespace {

constexpr HeadLimits kLimits{
    .request_line_bytes_max = 100, .head_bytes_max = 1000, .fields_max = 4};
constexpr std::string_view kHead = "GET /x HTTP/1.1\r\nHost: a\r\nX:y\r\nEmpty:\r\n\r\n";

int refused_status(std::string_view head) {
  HeadScanner scanner(kLimits);
  const auto outcome = scanner.scan(head);
  const auto* refused = std::get_if<HeadScanner::Refused>(&outcome);
  return refused == nullptr ? 0 : refused->status;
}

TEST(RequestHead, a_head_ends_at_its_empty_line) {
  HeadScanner scanner(kLimits);
  const auto outcome = scanner.scan(std::string(kHead) + "GET /next");
  ASSERT_TRUE(std::holds_alternative<HeadScanner::Complete>(outcome));
  EXPECT_EQ(std::get<HeadScanner::Complete>(outcome).head_bytes, kHead.size());
}

TEST(RequestHead, the_outcome_does_not_depend_on_how_the_bytes_come) {
  for (std::size_t first = 0; first < kHead.size(); ++first) {
    HeadScanner scanner(kLimits);
    EXPECT_TRUE(
        std::holds_alternative<HeadScanner::Incomplete>(scanner.scan(kHead.substr(0, first))))
        << first;
    EXPECT_TRUE(std::holds_alternative<HeadScanner::Complete>(scanner.scan(kHead))) << first;
  }
}

TEST(RequestHead, a_wrong_line_is_refused_before_the_head_is_whole) {
  EXPECT_EQ(refused_status("GET /x\r\n"), 400);
  EXPECT_EQ(refused_status("GET /x HTTP/1.1\r\nHost : a\r\n"), 400);
  EXPECT_EQ(refused_status("GET /x HTTP/1.1\n"), 400);
}

TEST(RequestHead, limits_are_exact) {
  const std::string rest = "GET / HTTP/1.1";
  EXPECT_EQ(refused_status("GET /" + std::string(100 - rest.size(), 'x') + " HTTP/1.1\r\n"), 0);
  EXPECT_EQ(refused_status("GET /" + std::string(101 - rest.size(), 'x') + " HTTP/1.1\r\n"), 414);
  EXPECT_EQ(refused_status("GET / HTTP/1.1\r\nHost: a\r\nB: \r\nC: \r\nD: \r\n"), 0);
  EXPECT_EQ(refused_status("GET / HTTP/1.1\r\nHost: a\r\nB: \r\nC: \r\nD: \r\nE: \r\n"), 431);
  EXPECT_EQ(refused_status("GET / HTTP/1.1\r\nX: " + std::string(981, 'x')), 0);
  EXPECT_EQ(refused_status("GET / HTTP/1.1\r\nX: " + std::string(982, 'x')), 431);
}

TEST(RequestHead, bytes_of_other_alphabets_may_be_in_values_but_not_in_targets) {
  EXPECT_EQ(refused_status("GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n"), 0);
  EXPECT_EQ(refused_status("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

}  // namespace
}  // namespace dialog::server
