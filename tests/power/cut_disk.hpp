#pragma once

#include <optional>
#include <string>

#include "support/temp_folder.hpp"

namespace dialog::test {

/// An ext4 file system of its own, in a file behind a loop device, whose power can be cut: what was
/// not synced is lost, as far as the system had not written it by itself. Needs to be root. Its
/// mounts are seen by this process and its children alone.
class CutDisk {
 public:
  /// Why there can be none here; absent where there can.
  static std::optional<std::string> why_not();

  CutDisk() = default;
  CutDisk(const CutDisk&) = delete;
  CutDisk& operator=(const CutDisk&) = delete;
  ~CutDisk();

  /// A new, empty file system, not mounted. What is wrong, if anything.
  [[nodiscard]] std::optional<std::string> make();

  /// `options` as for mount(8), by the file system itself.
  [[nodiscard]] std::optional<std::string> mount(const std::string& options);
  /// Nothing is written to the disk from now on, and whoever syncs gets an error.
  [[nodiscard]] std::optional<std::string> cut();
  /// Nobody may have a file of it open.
  [[nodiscard]] std::optional<std::string> unmount();

  /// Where it is mounted.
  [[nodiscard]] std::string path() const { return above_ / "mounted"; }
  [[nodiscard]] std::string image() const { return above_ / "image"; }

 private:
  [[nodiscard]] std::optional<std::string> attach();
  TempFolder above_{TempFolder::On::memory};
  int device_ = -1;
  std::string device_name_;
  bool is_mounted_ = false;
};

}  // namespace dialog::test
