#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "dialog/base/disk.hpp"
#include "support/factory.hpp"

namespace dialog::test {

/// A disk and an empty folder on it.
class DiskFixture : public Fixture {
 public:
  virtual Disk& disk() = 0;
  virtual std::string folder() = 0;
};

/// What every `Disk` must do.
class DiskConformance : public FixtureTest<DiskFixture> {
 protected:
  Disk& disk() { return fixture().disk(); }
  std::string path(const std::string& name) { return fixture().folder() + "/" + name; }
  std::string folder() { return fixture().folder(); }

  std::unique_ptr<DiskFile> open(const std::string& name, Disk::Open how) {
    auto file = disk().open(path(name), how);
    EXPECT_TRUE(file) << file.error().message;
    return file ? std::move(*file) : nullptr;
  }

  void make(const std::string& name, ByteView content) {
    const auto file = open(name, Disk::Open::fresh);
    ASSERT_NE(file, nullptr);
    ASSERT_TRUE(file->write(0, content));
  }

  Bytes content(const std::string& name) {
    const auto bytes = read_file(disk(), path(name), 1 << 20);
    return bytes ? *bytes : "error: " + bytes.error().message;
  }

  std::vector<std::string> names() {
    const auto list = disk().list(folder());
    EXPECT_TRUE(list) << list.error().message;
    return list.value_or(std::vector<std::string>{});
  }

  static void expect_code(const Result<void>& outcome, ErrorCode code) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, code) << outcome.error().message;
  }
};

}  // namespace dialog::test
