#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "byte_stream.hpp"
#include "dialog/base/disk.hpp"
#include "dialog/base/result.hpp"
#include "dialog/identity/ed25519.hpp"

namespace dialog::cli {

/// Where the parts of a repository lie: all of them in a folder `.dialogdb`.
class Location {
 public:
  /// `folder` will hold `.dialogdb`. `storage_failed`.
  static Result<Location> in(const std::string& folder);
  /// Looks in `start` and the folders above it. `not_found`, `storage_failed`.
  static Result<Location> find_above(const std::string& start);
  /// `folder` itself, which may also be the `.dialogdb` in it. `not_found`, `storage_failed`.
  static Result<Location> at(const std::string& folder);

  /// Absolute, and without a slash at its end.
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string state_folder() const { return folder_ + "/.dialogdb"; }
  [[nodiscard]] std::string database() const { return state_folder() + "/db"; }
  [[nodiscard]] std::string key_file() const { return state_folder() + "/key"; }

 private:
  explicit Location(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

/// Whether anything is there, and whether it is a folder. `storage_failed` where the system does
/// not say: that is no absence.
Result<bool> is_there(const std::string& path);
Result<bool> is_folder(const std::string& path);

/// The whole of a small file. `too_large` above 1 MiB, and the errors of the source.
Result<std::string> read_small_file(FileSource& source);
/// The same by the file's name: also `not_found`.
Result<std::string> read_small_file(const std::string& path);

/// Writes a file that only its owner may read, durably and all at once. `already_exists` where it
/// is there and must not be replaced.
Result<void> write_secret_file(const std::string& path, std::string_view content, Replace replace);

/// True where others than the owner may read the file.
bool is_readable_by_others(const std::string& path);

/// Reads a secret key. `malformed`, and the errors of `read_small_file`.
Result<SecretKey> read_key_file(FileSource& source);
Result<SecretKey> read_key_file(const std::string& path);

/// Writes a secret key as `write_secret_file` does.
Result<void> write_key_file(const std::string& path, const SecretKey& key, Replace replace);

/// The same place, whatever folder a later run starts in, without a slash at its end.
/// `storage_failed`.
Result<std::string> absolute_path(const std::string& path);

/// Makes a folder and those above it. `storage_failed`, `storage_full`.
Result<void> make_folders(const std::string& path);

}  // namespace dialog::cli
