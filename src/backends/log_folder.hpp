#pragma once

#include <memory>
#include <string>

#include "dialog/backends/log_options.hpp"
#include "lmdb_index.hpp"
#include "native_coordinator.hpp"

namespace dialog {

/// An open folder with a log and what belongs to it.
class LogFolder {
 public:
  static Result<std::unique_ptr<LogFolder>> open(const std::string& folder, lmdb::Purpose purpose,
                                                 const LogOptions& options);

  static constexpr const char* kIndexName = "/index";
  static constexpr const char* kControlName = "/control";
  static constexpr const char* kLeaseName = "/lease";
  /// `already_exists` where anything else lies in the folder.
  static Result<void> check_names(const std::string& folder);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] store::Engine& engine() { return *engine_; }
  [[nodiscard]] Clock& clock() { return clock_; }

 private:
  LogFolder(std::string path, std::shared_ptr<lmdb::Environment> environment,
            std::unique_ptr<NativeCoordinator> coordinator, Clock& clock);
  const std::string path_;
  lmdb::LogIndex index_;
  const std::unique_ptr<NativeCoordinator> coordinator_;
  Clock& clock_;
  std::unique_ptr<store::Engine> engine_;
};

}  // namespace dialog
