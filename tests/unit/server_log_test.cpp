#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>

#include "dialog/http/json.hpp"
#include "dialog/server/log.hpp"
#include "line_writer.hpp"

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

// What is put together by hand must be what the library prints.
TEST(ServerLog, every_character_is_printed_as_json_does_wherever_it_stands) {
  for (int c = 0; c < 256; ++c) {
    for (std::size_t at = 0; at < 17; ++at) {
      std::string text(17, 'a');
      text[at] = static_cast<char>(c);
      std::string printed;
      json::append_string(printed, text);
      ASSERT_EQ(printed, json::print(json::Value(text))) << c << " at " << at;
    }
  }
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

// A pipe, and a writer of lines on its one end.
class ServerLogPipe : public testing::Test {
 protected:
  ServerLogPipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~ServerLogPipe() override { close(ends_[0]); }

  std::unique_ptr<LineWriter> open(std::chrono::milliseconds end_time_max) {
    auto writer = std::make_unique<LineWriter>(
        ends_[1], LineWriter::Options{
                      .bytes_max = 1000,
                      .end_time_max = end_time_max,
                      .dropped_line = [](auto count) { return "-" + std::to_string(count); }});
    close(ends_[1]);
    return writer;
  }

  // What comes until the writer and its thread are gone.
  std::string read_all() {
    std::string all;
    std::array<char, 4096> bytes;
    for (ssize_t got = 1; got > 0;) {
      got = read(ends_[0], bytes.data(), bytes.size());
      all.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
    }
    return all;
  }

 private:
  int ends_[2] = {-1, -1};
};

// More than a pipe and the writer hold.
constexpr int kManyLines = 20'000;
const std::string kLine(100, 'x');

TEST_F(ServerLogPipe, nobody_waits_for_a_reader_that_stalls) {
  auto writer = open(std::chrono::milliseconds(1));
  for (int i = 0; i < kManyLines; ++i) writer->write(kLine);
  writer.reset();
  EXPECT_LT(read_all().size(), kManyLines * kLine.size());
}

TEST_F(ServerLogPipe, lines_that_were_dropped_are_counted_where_they_are_missing) {
  auto writer = open(std::chrono::minutes(10));
  for (int i = 0; i < kManyLines; ++i) writer->write(std::to_string(i) + " " + kLine);
  std::thread ending([&] { writer.reset(); });
  std::istringstream lines(read_all());
  ending.join();
  int expected = 0;
  bool dropped = false;
  for (std::string line; std::getline(lines, line);) {
    const int number = std::stoi(line);
    if (number < 0) {
      dropped = true;
      expected -= number;
    } else {
      ASSERT_EQ(number, expected);
      ++expected;
    }
  }
  EXPECT_TRUE(dropped);
  EXPECT_EQ(expected, kManyLines);
}

}  // namespace
}  // namespace dialog::server
