#include "log_writer.hpp"

#include <algorithm>
#include <utility>

namespace dialog::store {
namespace {

// Filling ahead is not worth while where this much is synced at once anyway.
constexpr std::size_t kLargeWrite = std::size_t{64} << 10;
// Memory that is kept for what is gathered next.
constexpr std::size_t kSpareMax = std::size_t{8} << 20;

// Whatever a failed sync says: what was written before it may be there or not.
Result<void> synced(DiskFile& file) {
  auto synced = file.sync();
  if (!synced) synced.error().code = ErrorCode::storage_failed;
  return synced;
}

}  // namespace

void LogBuffer::reset(const Tip& tip) {
  tip_ = tip;
  last_sequence_ = std::max(last_sequence_, tip.sequence);
  must_begin_ = false;
  chunks_.clear();
  bytes_ = 0;
}

void LogBuffer::skip_to(std::uint64_t sequence) {
  last_sequence_ = std::max(last_sequence_, sequence);
}

Place LogBuffer::append(FrameKind kind, Payload payload, std::uint64_t durable) {
  const std::size_t bytes = frame_bytes(payload.size());
  const bool is_first = tip_.end.segment == 0;
  const bool is_full =
      tip_.end.offset > kSegmentHeaderBytes && tip_.end.offset + bytes > segment_bytes_max_;
  if (is_first || is_full || must_begin_) {
    must_begin_ = false;
    const SegmentHeader header{tip_.end.segment + 1, tip_};
    tip_.end = {header.segment, kSegmentHeaderBytes};
    chunks_.push_back({tip_.end, header, std::exchange(spare_, {})});
  } else if (chunks_.empty()) {
    chunks_.push_back({tip_.end, std::nullopt, std::exchange(spare_, {})});
  }
  FrameHeader header;
  header.previous = tip_.checksum;
  header.sequence = ++last_sequence_;
  header.durable = durable;
  header.kind = kind;
  append_frame(chunks_.back().bytes, header, payload);
  const Place place{tip_.end, header.length};
  tip_ = {{tip_.end.segment, tip_.end.offset + static_cast<std::uint32_t>(bytes)},
          header.sequence,
          header.checksum};
  bytes_ += bytes;
  return place;
}

std::vector<LogBuffer::Chunk> LogBuffer::take() {
  bytes_ = 0;
  return std::exchange(chunks_, {});
}

void LogBuffer::reuse(std::vector<Chunk> chunks) {
  for (Chunk& chunk : chunks) {
    const std::size_t room = chunk.bytes.capacity();
    if (room <= spare_.capacity() || room > kSpareMax) continue;
    spare_ = std::move(chunk.bytes);
    spare_.clear();
  }
}

Result<void> LogAppender::write(const std::vector<LogBuffer::Chunk>& chunks) {
  for (const LogBuffer::Chunk& chunk : chunks) DIALOG_TRY(write(chunk));
  if (chunks.empty()) return {};
  return synced(*file_);
}

Result<void> LogAppender::write(const LogBuffer::Chunk& chunk) {
  if (chunk.begins) {
    // A frame is durable only together with all before it.
    if (file_ || chunk.begins->before.end.segment != 0) {
      DIALOG_TRY(sync(chunk.begins->before.end.segment));
    }
    file_.reset();
    DIALOG_ASSIGN(file_, segments_.create(*chunk.begins));
    segment_ = chunk.begins->segment;
    file_bytes_ = kSegmentHeaderBytes;
  } else if (!file_ || segment_ != chunk.at.segment) {
    file_.reset();
    DIALOG_ASSIGN(file_, segments_.open(chunk.at.segment));
    segment_ = chunk.at.segment;
    DIALOG_ASSIGN(file_bytes_, file_->size());
  }
  const std::uint64_t end = chunk.at.offset + chunk.bytes.size();
  if (end > file_bytes_ && chunk.bytes.size() < kLargeWrite) DIALOG_TRY(fill_ahead(end));
  DIALOG_TRY(file_->write(chunk.at.offset, chunk.bytes));
  file_bytes_ = std::max(file_bytes_, end);
  return {};
}

Result<void> LogAppender::fill_ahead(std::uint64_t end) {
  const std::uint64_t until = end + zeros_.size();
  while (file_bytes_ < until && !zeros_.empty()) {
    const std::uint64_t count = std::min<std::uint64_t>(until - file_bytes_, zeros_.size());
    DIALOG_TRY(file_->write(file_bytes_, ByteView(zeros_).substr(0, count)));
    file_bytes_ += count;
  }
  return {};
}

Result<void> LogAppender::rewrite(const Position& at, ByteView frame) {
  DIALOG_ASSIGN(const std::shared_ptr<DiskFile> file, segments_.open(at.segment));
  return file->write(at.offset, frame);
}

Result<void> LogAppender::take_back(const Position& end) {
  file_.reset();
  const auto next = segments_.open(end.segment + 1);
  if (next) {
    DIALOG_TRY((*next)->resize(0));
    DIALOG_TRY(synced(**next));
  } else if (next.error().code != ErrorCode::not_found) {
    return fail(next.error());
  }
  if (end.segment == 0) return {};
  // Without its first frame nothing of what follows counts.
  DIALOG_ASSIGN(const std::shared_ptr<DiskFile> file, segments_.open(end.segment));
  DIALOG_ASSIGN(const std::uint64_t size, file->size());
  if (size <= end.offset) return {};
  const Bytes zeros(std::min<std::uint64_t>(size - end.offset, kFrameHeaderBytes), '\0');
  DIALOG_TRY(file->write(end.offset, zeros));
  return synced(*file);
}

Result<void> LogAppender::sync(std::uint32_t segment) {
  DIALOG_ASSIGN(const std::shared_ptr<DiskFile> file, segments_.open(segment));
  return synced(*file);
}

}  // namespace dialog::store
