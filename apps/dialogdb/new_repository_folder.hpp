#pragma once

#include <string>
#include <vector>

#include "dialog/base/result.hpp"
#include "location.hpp"

namespace dialog::cli {

/// A new repository under a temporary name beside its place, so that it is there whole or not at
/// all.
class NewRepositoryFolder final {
 public:
  /// Makes the folders that are missing. `already_exists` where there is a repository. Removes what
  /// dead processes left of their attempts.
  static Result<NewRepositoryFolder> make(const Location& location);
  NewRepositoryFolder(NewRepositoryFolder&& other) noexcept;
  NewRepositoryFolder& operator=(NewRepositoryFolder&&) = delete;
  /// Removes all that was not published, and then the folders that were made for it.
  ~NewRepositoryFolder();

  [[nodiscard]] std::string database() const { return path_ + "/db"; }
  [[nodiscard]] std::string key_file() const { return path_ + "/key"; }
  /// Moves it to its place. The store must be closed.
  Result<void> publish();

 private:
  explicit NewRepositoryFolder(Location location) : location_(std::move(location)) {}
  Result<void> make_attempt();

  Location location_;
  std::vector<std::string> made_;  ///< the innermost first
  std::string path_;               ///< of the attempt; empty where there is none
  int lock_ = -1;                  ///< the attempt's folder, locked as long as this process lives
};

}  // namespace dialog::cli
