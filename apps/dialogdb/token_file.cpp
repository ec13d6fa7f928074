#include "token_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "byte_stream.hpp"
#include "dialog/backends/named_lock.hpp"
#include "dialog/backends/native_disk.hpp"
#include "dialog/base/system_failure.hpp"

namespace dialog::cli {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr std::size_t kBytesMax = std::size_t{1} << 20;

}  // namespace

Result<std::unique_ptr<TokenFile>> TokenFile::open(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC;
  while (true) {
    int descriptor = ::open(path.c_str(), kFlags);
    const bool is_new = descriptor < 0 && errno == ENOENT;
    if (is_new) descriptor = ::open(path.c_str(), kFlags | O_CREAT, kOwnerOnly);
    if (descriptor < 0) return fail(system_failure(errno, "open " + path));
    std::unique_ptr<TokenFile> file(new TokenFile(path, descriptor, is_new));
    DIALOG_ASSIGN(const NamedLock lock, lock_named(descriptor, path, LockWait::yes));
    if (lock == NamedLock::lost) continue;
    if (lock == NamedLock::unsupported) {
      return fail(ErrorCode::unsupported, "cannot lock " + path +
                                              ": its file system has no locks; keep it on "
                                              "another one");
    }
    file->is_locked_ = true;
    DIALOG_TRY(file->read());
    return file;
  }
}

TokenFile::~TokenFile() {
  // Under the lock: who waits for it sees that the name is gone, and makes the file anew.
  if (is_new_ && is_locked_ && content_.empty()) ::unlink(path_.c_str());
  ::close(descriptor_);
}

Result<void> TokenFile::read() {
  DIALOG_ASSIGN(content_, read_file(native_disk(), path_, kBytesMax));
  auto tokens = server::TokenSet::parse(content_);
  if (!tokens) return fail(tokens.error().within(path_));
  tokens_ = *std::move(tokens);
  return {};
}

bool TokenFile::has_token(std::string_view name) const {
  return std::any_of(tokens_.tokens().begin(), tokens_.tokens().end(),
                     [&](const server::Token& token) { return token.name == name; });
}

Result<void> TokenFile::append(const std::string& line) {
  const bool ends_line = content_.empty() || content_.ends_with('\n');
  const std::string text = (ends_line ? "" : "\n") + line + "\n";
  if (auto written = write(text); !written) {
    static_cast<void>(::ftruncate(descriptor_, static_cast<off_t>(content_.size())));
    return written;
  }
  content_ += text;
  return {};
}

Result<void> TokenFile::remove(std::string_view name) {
  std::string kept;
  bool is_found = false;
  for (std::string_view rest = content_; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line =
        rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
    rest.remove_prefix(line.size());
    // The file was read as a whole before: each line is a token, or none at all.
    const auto token = server::TokenSet::parse(line);
    const bool is_it = token && token->size() == 1 && token->tokens().front().name == name;
    is_found |= is_it;
    if (!is_it) kept += line;
  }
  if (!is_found) {
    return fail(ErrorCode::not_found, path_ + " holds no token named " + std::string(name));
  }
  return replace(kept);
}

// Under another name first, so that a reader or a crash never meets half of it. Who waits for the
// lock finds that the name stands for another file, and opens that.
Result<void> TokenFile::replace(std::string_view content) const {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path_.c_str(), nullptr),
                                                         &std::free);
  if (!real) return fail(system_failure(errno, "find " + path_));
  const std::string target = real.get();
  const std::string temporary = target + ".part-" + std::to_string(::getpid());
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return fail(system_failure(errno, "look at " + path_));
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return fail(system_failure(errno, "create " + temporary));
  auto written = [&]() -> Result<void> {
    const bool is_mine = status.st_uid == ::geteuid() && status.st_gid == ::getegid();
    if (!is_mine && ::fchown(file, status.st_uid, status.st_gid) != 0) {
      return fail(system_failure(errno, "keep the owner of " + target));
    }
    if (::fchmod(file, status.st_mode & 07777U) != 0) {
      return fail(system_failure(errno, "keep the mode of " + target));
    }
    DIALOG_TRY(write_all(file, content, temporary));
    if (::fsync(file) != 0) return fail(system_failure(errno, "sync " + temporary));
    return native_disk().rename(temporary, target);
  }();
  ::close(file);
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return native_disk().sync_folder(parent_of(target));
}

Result<void> TokenFile::write(std::string_view text) const {
  DIALOG_TRY(write_all(descriptor_, text, path_));
  if (::fsync(descriptor_) != 0) return fail(system_failure(errno, "sync " + path_));
  return native_disk().sync_folder(parent_of(path_));
}

}  // namespace dialog::cli
