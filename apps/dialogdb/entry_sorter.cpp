#include "entry_sorter.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <numeric>
#include <queue>
#include <unistd.h>
#include <utility>

#include "byte_stream.hpp"

namespace dialog::cli {
namespace {

constexpr std::size_t kRunBufferBytes = std::size_t{256} * 1024;
constexpr std::size_t kLengthBytes = 2 * sizeof(std::uint64_t);

std::size_t memory_of(const Entry& entry) {
  return sizeof(Entry) + entry.key.capacity() + entry.value.capacity();
}

// A file without a name: it is gone with the process, however that ends.
Result<int> open_unnamed(const std::string& folder) {
  std::string pattern = folder + "/import-XXXXXX";
  const int descriptor = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor < 0) return fail(system_failure(errno, "make a file in " + folder));
  ::unlink(pattern.c_str());
  return descriptor;
}

void append_length(Bytes& bytes, std::uint64_t length) {
  char raw[sizeof length];
  std::memcpy(raw, &length, sizeof length);
  bytes.append(raw, sizeof raw);
}

}  // namespace

// Reads one sorted run back, piece by piece.
class EntrySorter::RunReader {
 public:
  RunReader(int file, Run run) : file_(file), run_(run) {}

  [[nodiscard]] const Entry& entry() const { return entry_; }

  /// False at the end.
  Result<bool> next() {
    if (at_ == buffer_.size() && run_.begin == run_.end) return false;
    DIALOG_TRY(need(kLengthBytes));
    std::uint64_t lengths[2];
    std::memcpy(lengths, buffer_.data() + at_, kLengthBytes);
    at_ += kLengthBytes;
    DIALOG_TRY(need(lengths[0] + lengths[1]));
    entry_.key.assign(buffer_, at_, lengths[0]);
    entry_.value.assign(buffer_, at_ + lengths[0], lengths[1]);
    at_ += lengths[0] + lengths[1];
    return true;
  }

 private:
  Result<void> need(std::size_t count) {
    if (buffer_.size() - at_ >= count) return {};
    buffer_.erase(0, at_);
    at_ = 0;
    while (buffer_.size() < count) {
      const std::size_t wanted = std::min<std::uint64_t>(
          std::max(kRunBufferBytes, count - buffer_.size()), run_.end - run_.begin);
      if (wanted == 0)
        return fail(ErrorCode::storage_failed, "a spilled run of the import ends early");
      const std::size_t kept = buffer_.size();
      buffer_.resize(kept + wanted);
      const ssize_t got =
          ::pread(file_, buffer_.data() + kept, wanted, static_cast<off_t>(run_.begin));
      if (got <= 0) return fail(system_failure(got < 0 ? errno : EIO, "read the spilled import"));
      buffer_.resize(kept + static_cast<std::size_t>(got));
      run_.begin += static_cast<std::uint64_t>(got);
    }
    return {};
  }

  int file_;
  Run run_;
  Bytes buffer_;
  std::size_t at_ = 0;
  Entry entry_;
};

EntrySorter::EntrySorter(std::string spill_folder, std::size_t memory_bytes_max)
    : spill_folder_(std::move(spill_folder)), memory_bytes_max_(memory_bytes_max) {}

EntrySorter::~EntrySorter() {
  if (spill_file_ >= 0) ::close(spill_file_);
}

Result<void> EntrySorter::add(Entry entry) {
  ++added_;
  if (!pending_.empty() && entry.key <= pending_.back().key) pending_is_sorted_ = false;
  pending_bytes_ += memory_of(entry);
  pending_.push_back(std::move(entry));
  return pending_bytes_ > memory_bytes_max_ ? spill() : Result<void>{};
}

void EntrySorter::sort_pending() {
  if (pending_is_sorted_) return;
  std::vector<std::size_t> order(pending_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int compared = pending_[a].key.compare(pending_[b].key);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<Entry> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order) {
    if (!sorted.empty() && sorted.back().key == pending_[index].key) {
      sorted.back() = std::move(pending_[index]);
      ++replaced_in_memory_;
    } else {
      sorted.push_back(std::move(pending_[index]));
    }
  }
  pending_ = std::move(sorted);
  pending_is_sorted_ = true;
}

Result<void> EntrySorter::spill() {
  sort_pending();
  if (spill_file_ < 0) {
    DIALOG_ASSIGN(spill_file_, open_unnamed(spill_folder_));
  }
  Run run{spilled_bytes_, spilled_bytes_};
  Bytes buffer;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    append_length(buffer, pending_[i].key.size());
    append_length(buffer, pending_[i].value.size());
    buffer += pending_[i].key;
    buffer += pending_[i].value;
    if (buffer.size() < kRunBufferBytes && i + 1 < pending_.size()) continue;
    DIALOG_TRY(write_all(spill_file_, buffer, "a spilled run of the import in " + spill_folder_));
    run.end += buffer.size();
    buffer.clear();
  }
  spilled_bytes_ = run.end;
  runs_.push_back(run);
  pending_.clear();
  pending_bytes_ = 0;
  pending_is_sorted_ = true;
  return {};
}

Result<void> EntrySorter::for_each(const Visitor& visit) {
  if (!runs_.empty()) {
    if (!pending_.empty()) DIALOG_TRY(spill());
    return merge_runs(visit);
  }
  sort_pending();
  for (const Entry& entry : pending_) DIALOG_TRY(visit(entry));
  return {};
}

Result<void> EntrySorter::merge_runs(const Visitor& visit) {
  pending_.shrink_to_fit();
  replaced_across_runs_ = 0;
  std::vector<RunReader> readers;
  for (const Run& run : runs_) readers.emplace_back(spill_file_, run);
  // The least key comes first; of equal ones that of the latest run.
  const auto is_behind = [&](std::size_t a, std::size_t b) {
    const int order = readers[a].entry().key.compare(readers[b].entry().key);
    return order != 0 ? order > 0 : a < b;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(is_behind)> queue(is_behind);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    DIALOG_ASSIGN(const bool any, readers[i].next());
    if (any) queue.push(i);
  }
  bool visited_any = false;
  Bytes last;
  while (!queue.empty()) {
    const std::size_t first = queue.top();
    queue.pop();
    const Entry& entry = readers[first].entry();
    if (visited_any && entry.key == last) {
      ++replaced_across_runs_;
    } else {
      last = entry.key;
      visited_any = true;
      DIALOG_TRY(visit(entry));
    }
    DIALOG_ASSIGN(const bool more, readers[first].next());
    if (more) queue.push(first);
  }
  return {};
}

}  // namespace dialog::cli
