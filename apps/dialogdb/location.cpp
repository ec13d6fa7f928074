#include "location.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <vector>

#include "byte_stream.hpp"
#include "dialog/backends/native_disk.hpp"

namespace dialog::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSmallFileBytesMax = std::size_t{1} << 20;

bool holds_repository(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(folder / ".dialogdb", ignored);
}

}  // namespace

Result<Location> Location::find_above(const std::string& start) {
  std::error_code error;
  fs::path folder = fs::absolute(start.empty() ? "." : start, error).lexically_normal();
  while (!error) {
    if (holds_repository(folder)) return Location(folder.string());
    if (folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  return fail(ErrorCode::not_found,
              "no repository in " + (start.empty() ? std::string("this folder") : start) +
                  " or above it. Make one with 'dialogdb init', or name one with --repo DIR");
}

Result<Location> Location::at(const std::string& folder) {
  const fs::path path = fs::path(folder).lexically_normal();
  if (path.filename() == ".dialogdb" && holds_repository(path.parent_path())) {
    return Location(path.parent_path().empty() ? "." : path.parent_path().string());
  }
  if (holds_repository(path)) return Location(folder);
  return fail(ErrorCode::not_found,
              folder + " holds no repository. Make one with 'dialogdb init " + folder + "'");
}

Result<std::string> read_small_file(const std::string& path) {
  DIALOG_ASSIGN(const auto source, FileSource::open(path));
  std::string content;
  std::vector<char> buffer(4096);
  while (true) {
    DIALOG_ASSIGN(const std::size_t count, source->read(buffer));
    if (count == 0) return content;
    content.append(buffer.data(), count);
    if (content.size() > kSmallFileBytesMax) {
      return fail(ErrorCode::too_large, path + " exceeds 1 MiB; is it the right file?");
    }
  }
}

Result<void> write_secret_file(const std::string& path, std::string_view content, Replace replace) {
  return write_file(native_disk(), system_random(), path, content, replace);
}

bool is_readable_by_others(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

Result<SecretKey> read_key_file(const std::string& path) {
  DIALOG_ASSIGN(std::string text, read_small_file(path));
  auto key = SecretKey::from_text(text);
  wipe(text);
  if (!key) return fail(key.error().within(path));
  return key;
}

Result<std::string> absolute_path(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  if (error) return fail(system_error(error.value(), "cannot tell where " + path + " is"));
  return whole.lexically_normal().string();
}

Result<void> make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(system_error(error.value(), "cannot make the folder " + path));
  return {};
}

}  // namespace dialog::cli
