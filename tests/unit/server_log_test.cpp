#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>

#include "dialog/server/log.hpp"

namespace dialog::server {
namespace {

TEST(ServerLog, a_request_is_one_line_of_json) {
  const AccessRecord record{.time = WallTime{2'000'000'000'123},
                            .request_id = "ab-1",
                            .address = "127.0.0.1",
                            .method = "GET",
                            .path = "/x",
                            .status = 200,
                            .bytes_in = 1,
                            .bytes_out = 2,
                            .duration = std::chrono::microseconds(3),
                            .subject = "did:web:a",
                            .who = "alice",
                            .fault = ""};
  EXPECT_EQ(
      to_json(record),
      R"({"time":"2033-05-18T03:33:20.123Z","level":"info","id":"ab-1","address":"127.0.0.1","method":"GET",)"
      R"("path":"/x","status":200,"bytes_in":1,"bytes_out":2,"micros":3,"subject":"did:web:a","who":"alice"})");
}

TEST(ServerLog, whatever_a_client_sends_stays_within_its_line) {
  AccessRecord record;
  record.path = "/a\n{\"b\":1}\xff\x01";
  const std::string line = to_json(record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(line, nullptr, false).is_object());
}

TEST(ServerLog, lines_reach_their_target) {
  testing::internal::CaptureStdout();
  {
    const auto log = make_json_log(LogTarget::standard_output);
    log->event(Severity::warning, "cutting", "two");
    log->request({});
  }
  const std::string out = testing::internal::GetCapturedStdout();
  const auto first = nlohmann::json::parse(out.substr(0, out.find('\n')), nullptr, false);
  EXPECT_EQ(first.value("event", ""), "cutting");
  EXPECT_EQ(first.value("level", ""), "warning");
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
}

}  // namespace
}  // namespace dialog::server
