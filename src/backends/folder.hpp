#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "dialog/base/result.hpp"
#include "dialog/base/system_failure.hpp"

namespace dialog {

/// Creates `folder` and the ones above it where they are missing. On return the names of all that
/// were created survive a power cut.
Result<void> make_folder(const std::string& folder);

/// On return the names in `folder` survive a power cut.
Result<void> sync_folder(const std::string& folder);

/// The folder that holds `path`.
std::string parent_folder(const std::string& path);

/// A lock on a file, between processes and within one. Ends with the object, or with the process.
class FileLock {
 public:
  enum class Kind : std::uint8_t { shared, exclusive };
  /// Creates the file where it is missing. Never waits: `busy` where somebody holds it otherwise.
  static Result<FileLock> take(const std::string& file, Kind kind);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_;
};

/// A folder of this process for files that nobody needs later. Its name in `scratch/` is locked, so
/// that other processes can tell it from what a dead process left behind. Removed at destruction.
class ScratchFolder {
 public:
  static Result<std::unique_ptr<ScratchFolder>> make(const std::string& above);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Removes what dead processes left behind in `above`. Best effort.
  static void remove_abandoned(const std::string& above);

  /// The one name that scratch folders take in the folder above.
  static constexpr const char* kName = "scratch";

 private:
  ScratchFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_;
};

}  // namespace dialog
