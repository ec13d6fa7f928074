#pragma once

#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "dialog/async/executor.hpp"
#include "dialog/backends/rest.hpp"
#include "process/s3_process.hpp"
#include "s3_fixture.hpp"

namespace dialog::test {

/// The one that all tests of a program share; it stands, and honours conditions.
inline S3Process& single_s3() {
  static S3Process process;
  static const bool ready = [] {
    using namespace std::chrono_literals;
    S3Config config = process.config("ready");
    config.timeout = 60s;
    config.retry = {1'000, 20ms, 200ms};
    const auto probed = (*S3Register::create(std::move(config), make_http_transport()))->probe({});
    EXPECT_TRUE(probed.has_value()) << probed.error().message;
    return probed.has_value();
  }();
  EXPECT_TRUE(ready);
  return process;
}

/// A prefix of its own in its bucket.
class RealBucket : public Bucket {
 public:
  RealBucket()
      : Bucket(single_s3().config(new_prefix()), make_http_transport(),
               parallel_for_on(std::make_shared<ThreadPool>(), 4)) {}
};

}  // namespace dialog::test
