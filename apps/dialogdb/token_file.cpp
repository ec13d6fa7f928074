#include "token_file.hpp"

#include <algorithm>
#include <cerrno>
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

Result<void> TokenFile::write(std::string_view text) const {
  DIALOG_TRY(write_all(descriptor_, text, path_));
  if (::fsync(descriptor_) != 0) return fail(system_failure(errno, "sync " + path_));
  return native_disk().sync_folder(parent_of(path_));
}

}  // namespace dialog::cli
