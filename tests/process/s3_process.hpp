#pragma once

#include <memory>
#include <string>

#include "dialog/cloud/s3_config.hpp"
#include "process/child.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {

/// A real object store with one bucket, in a process of its own on a free port of this machine:
/// what scripts/s3_server.sh builds.
class S3Process {
 public:
  /// Starts it; that it answers is for whoever asks to wait.
  S3Process();

  /// What a client needs to get in, to a place of its own in the bucket.
  [[nodiscard]] S3Config config(const std::string& prefix) const;

 private:
  // It keeps what it knows of an object in attributes of files, which not every folder in memory
  // has.
  TempFolder folder_;
  std::string host_;
  std::unique_ptr<Child> process_;
};

}  // namespace dialog::test
