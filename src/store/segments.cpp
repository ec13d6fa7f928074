#include "segments.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace dialog::store {
namespace {

constexpr std::string_view kPrefix = "log-";
constexpr std::size_t kDigits = 10;
constexpr std::size_t kOpenMax = 256;

std::optional<std::uint32_t> number_of(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kDigits) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace

std::string describe(const Segments& segments, const Position& at) {
  return segments.path(at.segment) + " at byte " + std::to_string(at.offset);
}

std::string Segments::path(std::uint32_t segment) const {
  std::string digits = std::to_string(segment);
  digits.insert(0, kDigits - std::min(digits.size(), kDigits), '0');
  return folder_ + "/" + std::string(kPrefix) + digits;
}

Result<std::vector<std::uint32_t>> Segments::list() {
  DIALOG_ASSIGN(const std::vector<std::string> names, disk_.list(folder_));
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = number_of(name)) numbers.push_back(*number);
  }
  return numbers;
}

Result<std::shared_ptr<DiskFile>> Segments::open(std::uint32_t segment) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto at = open_.find(segment); at != open_.end()) return at->second;
  }
  const std::unique_lock lock(mutex_);
  if (const auto at = open_.find(segment); at != open_.end()) return at->second;
  DIALOG_ASSIGN(std::shared_ptr<DiskFile> file, disk_.open(path(segment), Disk::Open::existing));
  keep(segment, file);
  return file;
}

Result<std::shared_ptr<DiskFile>> Segments::create(const SegmentHeader& header) {
  const std::string name = path(header.segment);
  auto made = disk_.open(name, Disk::Open::fresh);
  const bool is_left_over = !made && made.error().code == ErrorCode::already_exists;
  // The same file: other processes may have it open already, and must not go on with another one.
  if (is_left_over) made = disk_.open(name, Disk::Open::existing);
  if (!made) return fail(std::move(made).error());
  std::shared_ptr<DiskFile> file = *std::move(made);
  if (is_left_over) {
    DIALOG_TRY(file->resize(0));
    // Else a crash might keep the header and bring back what stood behind it.
    DIALOG_TRY(file->sync());
  }
  DIALOG_TRY(file->write(0, print_segment_header(header)));
  // What it held must not come back.
  if (is_left_over) DIALOG_TRY(file->sync());
  DIALOG_TRY(disk_.sync_folder(folder_));
  const std::lock_guard lock(mutex_);
  keep(header.segment, file);
  return file;
}

// One after the other is closed where there are too many.
void Segments::keep(std::uint32_t segment, const std::shared_ptr<DiskFile>& file) {
  open_.insert_or_assign(segment, file);
  if (open_.size() <= kOpenMax) return;
  auto closed = open_.upper_bound(closed_last_);
  if (closed == open_.end()) closed = open_.begin();
  if (closed->first == segment) ++closed;
  if (closed == open_.end()) closed = open_.begin();
  closed_last_ = closed->first;
  open_.erase(closed);
}

Result<void> Segments::remove(std::uint32_t segment) {
  {
    const std::lock_guard lock(mutex_);
    open_.erase(segment);
  }
  auto removed = disk_.remove(path(segment));
  if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  return {};
}

std::vector<std::uint32_t> Segments::forget_removed() {
  std::vector<std::uint32_t> removed;
  const auto present = list();
  if (!present) return removed;
  const std::lock_guard lock(mutex_);
  for (auto at = open_.begin(); at != open_.end();) {
    if (std::binary_search(present->begin(), present->end(), at->first)) {
      ++at;
    } else {
      removed.push_back(at->first);
      at = open_.erase(at);
    }
  }
  return removed;
}

Result<std::optional<SegmentHeader>> Segments::header(std::uint32_t segment) {
  DIALOG_ASSIGN(const std::shared_ptr<DiskFile> file, open(segment));
  Bytes bytes(kSegmentHeaderBytes, '\0');
  DIALOG_ASSIGN(const std::size_t count, file->read(0, bytes));
  bytes.resize(count);
  auto header = parse_segment_header(bytes);
  if (header && header->segment != segment) header.reset();
  return header;
}

Result<std::optional<std::uint32_t>> Segments::end_of(std::uint32_t segment) {
  auto next = header(segment + 1);
  if (!next && next.error().code != ErrorCode::not_found) return fail(std::move(next).error());
  if (!next || !*next || (*next)->before.end.segment != segment) return std::nullopt;
  return (*next)->before.end.offset;
}

bool CheckedPlaces::contains(const Position& at) const {
  const std::shared_lock lock(mutex_);
  const auto found = segments_.find(at.segment);
  const std::size_t word = at.offset / kBytesPerWord;
  if (found == segments_.end() || word >= found->second->size()) return false;
  return ((*found->second)[word].load(std::memory_order_relaxed) >>
          (at.offset / kBytesPerBit % 64)) %
             2 ==
         1;
}

void CheckedPlaces::insert(const Position& at) {
  const std::size_t word = at.offset / kBytesPerWord;
  const std::uint64_t bit = std::uint64_t{1} << (at.offset / kBytesPerBit % 64);
  const auto set = [&](Bits& bits) {
    if (word < bits.size()) bits[word].fetch_or(bit, std::memory_order_relaxed);
  };
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = segments_.find(at.segment); found != segments_.end()) {
      return set(*found->second);
    }
  }
  const std::unique_lock lock(mutex_);
  auto& bits = segments_[at.segment];
  if (!bits) bits = std::make_unique<Bits>(words_);
  set(*bits);
}

void CheckedPlaces::erase(std::uint32_t segment) {
  const std::unique_lock lock(mutex_);
  segments_.erase(segment);
}

Result<BlockPayload> Segments::read_block(const Place& place, Bytes& frame) {
  DIALOG_ASSIGN(const std::shared_ptr<DiskFile> file, open(place.at.segment));
  const std::uint32_t length = std::min<std::uint32_t>(place.length, kBlockPayloadBytesMax);
  frame.resize(kFrameHeaderBytes + length);
  DIALOG_ASSIGN(const std::size_t count, file->read(place.at.offset, frame));
  const ByteView bytes = ByteView(frame).substr(0, count);
  const auto header = parse_frame_header(bytes);
  if (header && is_block(header->kind) && header->length == place.length &&
      is_sound_frame(*header, bytes)) {
    if (const auto block = parse_block(header->kind, bytes.substr(kFrameHeaderBytes)))
      return *block;
  }
  return fail(ErrorCode::corrupt, "the block in " + describe(*this, place.at) + " is damaged");
}

Result<Bytes> Segments::read_value(std::uint32_t segment, const LongValue& value) {
  DIALOG_ASSIGN(const std::shared_ptr<DiskFile> file, open(segment));
  DIALOG_ASSIGN(const std::uint64_t size, file->size());
  Bytes bytes;
  if (std::uint64_t{value.offset} + value.bytes <= size) {
    bytes.resize(value.bytes);
    DIALOG_TRY(file->read(value.offset, bytes));
    if (checksum_of(bytes) == value.checksum) return bytes;
  }
  return fail(ErrorCode::corrupt,
              "what was written in " + describe(*this, {segment, value.offset}) + " is damaged");
}

}  // namespace dialog::store
