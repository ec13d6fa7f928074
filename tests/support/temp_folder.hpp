#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "dialog/base/check.hpp"

namespace dialog::test {

/// An empty folder of its own for one test, removed with all that is in it.
class TempFolder {
 public:
  enum class On : bool {
    disk,
    memory,  ///< where a sync costs nothing, if there is such a place
  };

  explicit TempFolder(On on = On::disk) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path shared = "/dev/shm";
    const bool in_memory = on == On::memory && fs::is_directory(shared, error);
    const fs::path above = in_memory ? shared : fs::temp_directory_path();
    std::string name = (above / "dialog-test-XXXXXX").string();
    DIALOG_CHECK(mkdtemp(name.data()) != nullptr, "a folder for a test");
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The path of something in it.
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace dialog::test
