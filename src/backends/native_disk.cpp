#include "dialog/backends/native_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "folder.hpp"

namespace dialog {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOwnerOnly = 0600;
constexpr std::size_t kWrittenAtOnce = std::size_t{1} << 20;

class NativeFile final : public DiskFile {
 public:
  NativeFile(int file, std::string path) : file_(file), path_(std::move(path)) {}
  ~NativeFile() override { close(file_); }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (fstat(file_, &status) != 0) return fail(system_failure(errno, "look at " + path_));
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto at = static_cast<off_t>(offset + done);
      const ssize_t count = pread(file_, out.data() + done, out.size() - done, at);
      if (count == 0) break;
      if (count > 0) {
        done += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        return fail(system_failure(errno, "read " + path_));
      }
    }
    return done;
  }

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto at = static_cast<off_t>(offset + done);
      const std::size_t some = std::min(bytes.size() - done, kWrittenAtOnce);
      const ssize_t count = pwrite(file_, bytes.data() + done, some, at);
      if (count >= 0) {
        done += static_cast<std::size_t>(count);
        // The disk begins while the rest is written; how that ends, the next sync tells.
        if (bytes.size() > kWrittenAtOnce) sync_file_range(file_, at, count, SYNC_FILE_RANGE_WRITE);
      } else if (errno != EINTR) {
        return fail(system_failure(errno, "write " + path_));
      }
    }
    return {};
  }

  Result<void> resize(std::uint64_t size) override {
    if (ftruncate(file_, static_cast<off_t>(size)) == 0) return {};
    return fail(system_failure(errno, "resize " + path_));
  }

  Result<void> sync() override {
    if (fdatasync(file_) == 0) return {};
    return fail(system_failure(errno, "sync " + path_));
  }

 private:
  int file_;
  std::string path_;
};

class NativeDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> open(const std::string& path, Open how) override {
    const int flags = O_RDWR | O_CLOEXEC | (how == Open::fresh ? O_CREAT | O_EXCL : 0);
    int file = ::open(path.c_str(), flags, kOwnerOnly);
    if (file < 0 && how == Open::existing && (errno == EACCES || errno == EROFS)) {
      file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    }
    if (file < 0) return fail(failure("open " + path));
    return std::make_unique<NativeFile>(file, path);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    return done(::rename(from.c_str(), to.c_str()), "rename " + from + " to " + to);
  }

  Result<void> link(const std::string& from, const std::string& to) override {
    return done(::link(from.c_str(), to.c_str()), "name " + from + " " + to);
  }

  Result<void> remove(const std::string& path) override {
    return done(::unlink(path.c_str()), "remove " + path);
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      if (!at->is_directory(error)) names.push_back(at->path().filename().string());
    }
    if (error) return fail(system_failure(error.value(), "list the folder " + folder));
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> sync_folder(const std::string& folder) override {
    return dialog::sync_folder(folder);
  }

 private:
  static Error failure(const std::string& attempt) {
    const int error_number = errno;
    Error error = system_failure(error_number, attempt);
    if (error_number == EEXIST) error.code = ErrorCode::already_exists;
    return error;
  }

  static Result<void> done(int outcome, const std::string& attempt) {
    if (outcome == 0) return {};
    return fail(failure(attempt));
  }
};

}  // namespace

Disk& native_disk() {
  static NativeDisk disk;
  return disk;
}

}  // namespace dialog
