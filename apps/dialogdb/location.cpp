#include "location.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <vector>

#include "dialog/backends/native_disk.hpp"

namespace dialog::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSmallFileBytesMax = std::size_t{1} << 20;

Result<fs::file_type> type_of(const std::string& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type != fs::file_type::none) return type;
  return fail(system_failure(error.value(), "look at " + path));
}

Result<bool> holds_repository(const fs::path& folder) {
  return is_folder((folder / ".dialogdb").string());
}

}  // namespace

Result<bool> is_there(const std::string& path) {
  DIALOG_ASSIGN(const fs::file_type type, type_of(path));
  return type != fs::file_type::not_found;
}

Result<bool> is_folder(const std::string& path) {
  DIALOG_ASSIGN(const fs::file_type type, type_of(path));
  return type == fs::file_type::directory;
}

Result<Location> Location::in(const std::string& folder) {
  DIALOG_ASSIGN(std::string path, absolute_path(folder));
  return Location(std::move(path));
}

Result<Location> Location::find_above(const std::string& start) {
  DIALOG_ASSIGN(const std::string first, absolute_path(start.empty() ? "." : start));
  for (fs::path folder = first;; folder = folder.parent_path()) {
    DIALOG_ASSIGN(const bool is_here, holds_repository(folder));
    if (is_here) return Location(folder.string());
    if (folder == folder.parent_path()) break;
  }
  return fail(ErrorCode::not_found,
              "no repository in " + (start.empty() ? std::string("this folder") : start) +
                  " or above it. Make one with 'dialogdb init', or name one with --repo DIR");
}

Result<Location> Location::at(const std::string& folder) {
  DIALOG_ASSIGN(const std::string whole, absolute_path(folder));
  const fs::path path = whole;
  if (path.filename() == ".dialogdb") {
    DIALOG_ASSIGN(const bool is_inside, holds_repository(path.parent_path()));
    if (is_inside) return Location(path.parent_path().string());
  }
  DIALOG_ASSIGN(const bool is_here, holds_repository(path));
  if (is_here) return Location(whole);
  return fail(ErrorCode::not_found,
              folder + " holds no repository. Make one with 'dialogdb init " + folder + "'");
}

Result<std::string> read_small_file(FileSource& source) {
  std::string content;
  std::vector<char> buffer(4096);
  while (true) {
    DIALOG_ASSIGN(const std::size_t count, source.read(buffer));
    if (count == 0) return content;
    content.append(buffer.data(), count);
    if (content.size() > kSmallFileBytesMax) {
      return fail(ErrorCode::too_large, source.path() + " exceeds 1 MiB; is it the right file?");
    }
  }
}

Result<std::string> read_small_file(const std::string& path) {
  DIALOG_ASSIGN(const auto source, FileSource::open(path));
  return read_small_file(*source);
}

Result<void> write_secret_file(const std::string& path, std::string_view content, Replace replace) {
  return write_file(native_disk(), system_random(), path, content, replace);
}

bool is_readable_by_others(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

Result<SecretKey> read_key_file(FileSource& source) {
  DIALOG_ASSIGN(std::string text, read_small_file(source));
  auto key = SecretKey::from_text(text);
  wipe(text);
  if (!key) return fail(key.error().within(source.path()));
  return key;
}

Result<SecretKey> read_key_file(const std::string& path) {
  DIALOG_ASSIGN(const auto source, FileSource::open(path));
  return read_key_file(*source);
}

Result<void> write_key_file(const std::string& path, const SecretKey& key, Replace replace) {
  std::string text = key.to_text() + "\n";
  auto written = write_secret_file(path, text, replace);
  wipe(text);
  return written;
}

Result<std::string> absolute_path(const std::string& path) {
  std::error_code error;
  fs::path whole = fs::absolute(path, error).lexically_normal();
  if (error) return fail(system_failure(error.value(), "tell where " + path + " is"));
  if (!whole.has_filename()) whole = whole.parent_path();
  return whole.string();
}

Result<void> make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(system_failure(error.value(), "make the folder " + path));
  return {};
}

}  // namespace dialog::cli
