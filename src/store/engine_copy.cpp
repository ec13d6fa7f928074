#include <algorithm>

#include "engine_state.hpp"

namespace dialog::store {
namespace {

constexpr std::size_t kComparedBytes = 4096;
constexpr std::size_t kCopiedAtOnce = std::size_t{1} << 20;
// How often it begins again where compaction takes away what it wants to copy.
constexpr int kAttemptsMax = 16;

// Copies segments of one log into a folder.
class LogCopy {
 public:
  LogCopy(Disk& disk, Segments& from, const std::string& folder, const Engine::CopyOptions& options,
          Clock& clock)
      : disk_(disk),
        from_(from),
        to_(disk, folder),
        folder_(folder),
        options_(options),
        clock_(clock) {}

  // `not_found` where a segment that is needed was compacted away meanwhile.
  Result<Engine::Copied> run(const Tip& end) {
    copied_.segments = 0;
    copied_.bytes = 0;
    DIALOG_ASSIGN(std::vector<std::uint32_t> wanted, from_.list());
    std::erase_if(wanted, [&](std::uint32_t segment) { return segment > end.end.segment; });
    DIALOG_ASSIGN(const std::vector<std::uint32_t> present, to_.list());
    for (const std::uint32_t segment : present) {
      if (segment > end.end.segment) return is_other(segment);
    }
    for (const std::uint32_t segment : wanted) {
      DIALOG_ASSIGN(const std::uint64_t until, end_of(segment, end));
      DIALOG_TRY(copy(segment, until));
    }
    DIALOG_TRY(disk_.sync_folder(folder_));
    for (const std::uint32_t segment : present) {
      if (std::binary_search(wanted.begin(), wanted.end(), segment)) continue;
      DIALOG_TRY(to_.remove(segment));
    }
    DIALOG_TRY(disk_.sync_folder(folder_));
    return copied_;
  }

 private:
  Result<std::uint64_t> end_of(std::uint32_t segment, const Tip& end) {
    if (segment == end.end.segment) return end.end.offset;
    DIALOG_ASSIGN(const auto said, from_.end_of(segment));
    if (said) return *said;
    DIALOG_ASSIGN(const auto file, from_.open(segment));
    return file->size();
  }

  tl::unexpected<Error> is_other(std::uint32_t segment) {
    return fail(ErrorCode::already_exists,
                to_.path(segment) +
                    " belongs to another store, or to a state that this one does not have; "
                    "choose an empty folder");
  }

  // Absent where there is no copy. That it is one shows at its end: each frame's checksum covers
  // that of the frame before, and so all that came before.
  Result<std::shared_ptr<DiskFile>> earlier_copy(std::uint32_t segment, DiskFile& source,
                                                 std::uint64_t until) {
    auto file = to_.open(segment);
    if (!file) {
      if (file.error().code != ErrorCode::not_found) return fail(std::move(file).error());
      return std::shared_ptr<DiskFile>();
    }
    DIALOG_ASSIGN(const std::uint64_t size, (*file)->size());
    if (size > until) return is_other(segment);
    Bytes there(static_cast<std::size_t>(std::min<std::uint64_t>(size, kComparedBytes)), '\0');
    Bytes here = there;
    DIALOG_TRY((*file)->read(size - there.size(), there));
    DIALOG_TRY(source.read(size - here.size(), here));
    if (there != here) return is_other(segment);
    return file;
  }

  Result<void> copy(std::uint32_t segment, std::uint64_t until) {
    DIALOG_ASSIGN(const auto source, from_.open(segment));
    DIALOG_ASSIGN(std::shared_ptr<DiskFile> copy, earlier_copy(segment, *source, until));
    if (!copy) {
      DIALOG_ASSIGN(copy, disk_.open(to_.path(segment), Disk::Open::fresh));
    }
    DIALOG_ASSIGN(std::uint64_t offset, copy->size());
    ++copied_.segments;
    copied_.bytes += until;
    if (offset == until) return {};
    Bytes bytes;
    while (offset < until) {
      DIALOG_TRY(check_context(options_.context, clock_));
      bytes.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(kCopiedAtOnce, until - offset)));
      DIALOG_ASSIGN(const std::size_t count, source->read(offset, bytes));
      if (count == 0) {
        return fail(ErrorCode::corrupt, from_.path(segment) + " is truncated");
      }
      DIALOG_TRY(copy->write(offset, ByteView(bytes).substr(0, count)));
      offset += count;
      copied_.new_bytes += count;
      if (options_.on_progress && !options_.on_progress(copied_.new_bytes)) {
        return fail(ErrorCode::cancelled, "the copy was stopped");
      }
    }
    return copy->sync();
  }

  Disk& disk_;
  Segments& from_;
  Segments to_;
  const std::string& folder_;
  const Engine::CopyOptions& options_;
  Clock& clock_;
  Engine::Copied copied_;
};

}  // namespace

Result<Engine::Copied> Engine::copy_log(const std::string& folder, const CopyOptions& options) {
  State& state = *state_;
  LogCopy copy(state.parts.disk, state.segments, folder, options, state.parts.clock);
  for (int attempt = 1;; ++attempt) {
    DIALOG_ASSIGN(const Tip end, state.latest());
    auto copied = copy.run(end);
    if (copied || copied.error().code != ErrorCode::not_found || attempt == kAttemptsMax) {
      return copied;
    }
  }
}

}  // namespace dialog::store
