#include "dialog/base/disk.hpp"

#include <array>

namespace dialog {
namespace {

std::string temporary_name(const std::string& path, RandomSource& random) {
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  return path + ".part-" + to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<void> write_synced(Disk& disk, const std::string& path, ByteView content) {
  DIALOG_ASSIGN(const auto file, disk.open(path, Disk::Open::fresh));
  DIALOG_TRY(file->write(0, content));
  return file->sync();
}

Result<void> give_name(Disk& disk, const std::string& temporary, const std::string& path,
                       Replace replace) {
  if (replace == Replace::yes) return disk.rename(temporary, path);
  DIALOG_TRY(disk.link(temporary, path));
  return disk.remove(temporary);
}

}  // namespace

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<Bytes> read_file(Disk& disk, const std::string& path, std::size_t bytes_max) {
  DIALOG_ASSIGN(const auto file, disk.open(path, Disk::Open::existing));
  DIALOG_ASSIGN(const std::uint64_t size, file->size());
  if (size > bytes_max) {
    return fail(ErrorCode::too_large, path + " has " + std::to_string(size) + " bytes; at most " +
                                          std::to_string(bytes_max) + " are read");
  }
  Bytes content(static_cast<std::size_t>(size), '\0');
  DIALOG_ASSIGN(const std::size_t count, file->read(0, content));
  content.resize(count);
  return content;
}

Result<void> write_file(Disk& disk, RandomSource& random, const std::string& path, ByteView content,
                        Replace replace) {
  const std::string temporary = temporary_name(path, random);
  auto written = write_synced(disk, temporary, content);
  if (written) written = give_name(disk, temporary, path, replace);
  if (!written) {
    // Where this fails too, the first error is the one that explains.
    [[maybe_unused]] const auto removed = disk.remove(temporary);
    return written;
  }
  return disk.sync_folder(parent_of(path));
}

}  // namespace dialog
