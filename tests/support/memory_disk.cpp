#include "support/memory_disk.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace dialog::test {
namespace {

struct PendingWrite {
  std::uint64_t offset = 0;
  Bytes bytes;
  std::optional<std::uint64_t> new_size;  // a resize instead
};

void do_write(Bytes& content, const PendingWrite& write) {
  if (write.new_size) {
    content.resize(static_cast<std::size_t>(*write.new_size), '\0');
    return;
  }
  const auto end = static_cast<std::size_t>(write.offset) + write.bytes.size();
  if (content.size() < end) content.resize(end, '\0');
  content.replace(static_cast<std::size_t>(write.offset), write.bytes.size(), write.bytes);
}

// A disk writes the parts of a large write in any order.
void do_part(Bytes& content, const PendingWrite& write, Generator& generator) {
  for (std::size_t at = 0; at < write.bytes.size();) {
    const std::size_t count = generator.between(1, write.bytes.size() - at);
    if (generator.chance(1, 2)) {
      do_write(content, {write.offset + at, write.bytes.substr(at, count), std::nullopt});
    }
    at += count;
  }
}

}  // namespace

struct MemoryDisk::Inode {
  Bytes current;
  Bytes durable;
  std::vector<PendingWrite> pending;
};

struct MemoryDisk::State {
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  /// A change of names, in the folder whose sync makes it durable.
  struct Change {
    std::string folder;
    std::function<void(Names&)> apply;
  };

  mutable std::mutex mutex;
  Names current;
  Names durable;
  std::vector<Change> pending;
  std::uint64_t calls = 0;
  std::map<std::uint64_t, ErrorCode> failures;
  std::optional<std::uint64_t> halt_at;

  Result<void> count_call() {
    ++calls;
    if (halt_at && calls >= *halt_at)
      return fail(ErrorCode::storage_failed, "injected fault: halted");
    const auto at = failures.find(calls);
    if (at == failures.end()) return {};
    const ErrorCode code = at->second;
    failures.erase(at);
    return fail(code, "injected fault: this call fails");
  }

  void change(const std::string& folder, std::function<void(Names&)> change) {
    change(current);
    pending.push_back({folder, std::move(change)});
  }
};

class MemoryDisk::File final : public DiskFile {
 public:
  File(std::shared_ptr<State> state, std::shared_ptr<Inode> inode)
      : state_(std::move(state)), inode_(std::move(inode)) {}

  Result<std::uint64_t> size() override {
    const std::lock_guard lock(state_->mutex);
    DIALOG_TRY(state_->count_call());
    return inode_->current.size();
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
    const std::lock_guard lock(state_->mutex);
    DIALOG_TRY(state_->count_call());
    if (offset >= inode_->current.size()) return 0;
    const auto from = static_cast<std::size_t>(offset);
    const std::size_t count = std::min(out.size(), inode_->current.size() - from);
    std::copy_n(inode_->current.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
    return count;
  }

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    return modify({offset, Bytes(bytes), std::nullopt});
  }

  Result<void> resize(std::uint64_t size) override { return modify({0, {}, size}); }

  Result<void> sync() override {
    const std::lock_guard lock(state_->mutex);
    DIALOG_TRY(state_->count_call());
    inode_->durable = inode_->current;
    inode_->pending.clear();
    return {};
  }

 private:
  Result<void> modify(PendingWrite write) {
    const std::lock_guard lock(state_->mutex);
    DIALOG_TRY(state_->count_call());
    do_write(inode_->current, write);
    inode_->pending.push_back(std::move(write));
    return {};
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<Inode> inode_;
};

MemoryDisk::MemoryDisk() : state_(std::make_shared<State>()) {}
MemoryDisk::~MemoryDisk() = default;

Result<std::unique_ptr<DiskFile>> MemoryDisk::open(const std::string& path, Open how) {
  const std::lock_guard lock(state_->mutex);
  DIALOG_TRY(state_->count_call());
  const auto at = state_->current.find(path);
  const bool exists = at != state_->current.end();
  if (how == Open::existing) {
    if (!exists) return fail(ErrorCode::not_found, "no file " + path);
    return std::make_unique<File>(state_, at->second);
  }
  if (exists) return fail(ErrorCode::already_exists, path + " exists");
  auto inode = std::make_shared<Inode>();
  state_->change(parent_of(path), [path, inode](State::Names& names) { names[path] = inode; });
  return std::make_unique<File>(state_, std::move(inode));
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  DIALOG_TRY(state_->count_call());
  const auto at = state_->current.find(from);
  if (at == state_->current.end()) return fail(ErrorCode::not_found, "no file " + from);
  const auto inode = at->second;
  state_->change(parent_of(to), [from, to, inode](State::Names& names) {
    if (const auto old = names.find(from); old != names.end() && old->second == inode) {
      names.erase(old);
    }
    names[to] = inode;
  });
  return {};
}

Result<void> MemoryDisk::link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  DIALOG_TRY(state_->count_call());
  const auto at = state_->current.find(from);
  if (at == state_->current.end()) return fail(ErrorCode::not_found, "no file " + from);
  if (state_->current.contains(to)) return fail(ErrorCode::already_exists, to + " exists");
  state_->change(parent_of(to),
                 [to, inode = at->second](State::Names& names) { names[to] = inode; });
  return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  DIALOG_TRY(state_->count_call());
  const auto at = state_->current.find(path);
  if (at == state_->current.end()) return fail(ErrorCode::not_found, "no file " + path);
  state_->change(parent_of(path), [path, inode = at->second](State::Names& names) {
    if (const auto old = names.find(path); old != names.end() && old->second == inode) {
      names.erase(old);
    }
  });
  return {};
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& folder) {
  const std::lock_guard lock(state_->mutex);
  DIALOG_TRY(state_->count_call());
  std::vector<std::string> names;
  for (const auto& [path, inode] : state_->current) {
    if (parent_of(path) == folder) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;
}

Result<void> MemoryDisk::sync_folder(const std::string& folder) {
  const std::lock_guard lock(state_->mutex);
  DIALOG_TRY(state_->count_call());
  std::erase_if(state_->pending, [&](const State::Change& change) {
    if (change.folder != folder) return false;
    change.apply(state_->durable);
    return true;
  });
  return {};
}

std::uint64_t MemoryDisk::calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->calls;
}

void MemoryDisk::fail_call(std::uint64_t nth, ErrorCode code) {
  const std::lock_guard lock(state_->mutex);
  state_->failures[state_->calls + nth] = code;
}

void MemoryDisk::halt_at(std::uint64_t nth) {
  const std::lock_guard lock(state_->mutex);
  state_->halt_at = state_->calls + nth;
}

bool MemoryDisk::has_halted() const {
  const std::lock_guard lock(state_->mutex);
  return state_->halt_at && state_->calls >= *state_->halt_at;
}

void MemoryDisk::crash(Generator& generator, Loss loss) {
  const std::lock_guard lock(state_->mutex);
  state_->halt_at.reset();
  state_->failures.clear();
  const auto survives = [&] {
    return loss == Loss::nothing || (loss == Loss::anything && generator.chance(1, 2));
  };
  for (const State::Change& change : state_->pending) {
    if (survives()) change.apply(state_->durable);
  }
  state_->pending.clear();
  state_->current = state_->durable;
  for (const auto& [path, inode] : state_->current) {
    for (PendingWrite& write : inode->pending) {
      if (!survives()) continue;
      if (loss == Loss::anything && !write.new_size && generator.chance(1, 2)) {
        do_part(inode->durable, write, generator);
      } else {
        do_write(inode->durable, write);
      }
    }
    inode->pending.clear();
    inode->current = inode->durable;
  }
}

}  // namespace dialog::test
