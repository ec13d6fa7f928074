#include "segment_window.hpp"

#include <algorithm>

namespace dialog::store {
namespace {

constexpr std::size_t kReadAhead = std::size_t{256} << 10;

}  // namespace

Result<ByteView> SegmentWindow::at(std::uint32_t segment, std::uint64_t offset, std::size_t count) {
  if (segment != segment_ || !file_) {
    file_.reset();
    bytes_.clear();
    DIALOG_ASSIGN(file_, segments_.open(segment));
    segment_ = segment;
  }
  const bool starts_within = offset >= offset_ && offset - offset_ <= bytes_.size();
  if (!starts_within || offset - offset_ + count > bytes_.size()) {
    bytes_.resize(std::max(count, kReadAhead));
    auto got = file_->read(offset, bytes_);
    if (!got) {
      bytes_.clear();
      return fail(std::move(got).error());
    }
    bytes_.resize(*got);
    offset_ = offset;
  }
  return ByteView(bytes_).substr(offset - offset_);
}

}  // namespace dialog::store
