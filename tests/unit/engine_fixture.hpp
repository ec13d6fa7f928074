#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dialog/store/engine.hpp"
#include "support/memory_disk.hpp"
#include "support/store_parts.hpp"

namespace dialog::test {

using store::Engine;
using store::RecordChange;
using store::View;

inline constexpr const char* kFolder = "folder";

inline Block block(const std::string& text) { return Block::of(text); }

inline std::vector<std::pair<Bytes, Bytes>> pairs(
    const Result<std::vector<store::Record>>& records) {
  std::vector<std::pair<Bytes, Bytes>> out;
  for (const store::Record& record : *records) out.emplace_back(record.key, record.value);
  return out;
}

/// A store on a disk in memory; `other()` is another process that has it open, too.
class EngineTest : public testing::Test {
 protected:
  struct Process {
    Process(EngineTest& test) : Process(test, test.clock_) {}
    Process(EngineTest& test, Clock& clock) : coordinator(test.shared_) {
      auto opened =
          Engine::open({test.disk_, kFolder, test.index_, coordinator, clock}, test.limits_);
      EXPECT_TRUE(opened.has_value()) << opened.error().message;
      if (opened) engine = *std::move(opened);
    }
    Engine* operator->() { return engine.get(); }
    LocalCoordinator coordinator;
    std::unique_ptr<Engine> engine;
  };

  Process& engine() {
    if (!process_) process_ = std::make_unique<Process>(*this);
    return *process_;
  }
  void reopen() { process_.reset(); }
  void power_cut(MemoryDisk::Loss loss = MemoryDisk::Loss::everything) {
    process_.reset();
    disk_.crash(generator_, loss);
    shared_.published.reset();
    shared_.owner = nullptr;
    shared_.is_clean = true;
  }

  bool commit(Process& process, const std::vector<RecordChange>& changes) {
    const auto number = process->submit(changes, {});
    EXPECT_TRUE(number.has_value()) << number.error().message;
    if (!*number) return false;
    const auto waited = process->wait(**number);
    EXPECT_TRUE(waited.has_value()) << waited.error().message;
    return true;
  }
  void set(ByteView key, ByteView value) {
    auto& process = engine();
    const auto present = process->read(key, View::submitted);
    const auto expected = *present ? std::optional<ByteView>(**present) : std::nullopt;
    ASSERT_TRUE(commit(process, {{key, expected, value}}));
  }
  Bytes get(ByteView key, View view = View::durable) {
    return engine()->read(key, view)->value_or("none");
  }
  void put(const Block& put, int space = 0) {
    ASSERT_TRUE(engine()->put(static_cast<store::Space>(space), {&put, 1}, {}).has_value());
  }
  bool has(const Block& wanted, int space = 0) {
    const Hash hash = wanted.hash();
    const auto found = engine()->get(static_cast<store::Space>(space), {&hash, 1});
    EXPECT_TRUE(found.has_value()) << found.error().message;
    EXPECT_TRUE(!found->front() || found->front()->bytes() == wanted.bytes());
    return found->front().has_value();
  }

  Engine::Checked check() {
    faults_.clear();
    Engine::CheckOptions options;
    options.on_fault = [this](const auto&, const Error& error) {
      faults_.push_back(error.message);
    };
    const auto checked = engine()->check(options);
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
    EXPECT_EQ(checked->faults, faults_.size());
    return *checked;
  }

  /// The store loses its index and gets another one from the log.
  Engine::Rebuilt rebuild() {
    process_.reset();
    index_.clear();
    LocalCoordinator coordinator(shared_);
    const auto rebuilt = Engine::rebuild({disk_, kFolder, index_, coordinator, clock_}, limits_);
    EXPECT_TRUE(rebuilt.has_value()) << rebuilt.error().message;
    return *rebuilt;
  }

  /// Of the first segment.
  Bytes log_bytes() {
    const auto file = *disk_.open(log_path(), Disk::Open::existing);
    Bytes bytes(static_cast<std::size_t>(*file->size()), '\0');
    EXPECT_TRUE(file->read(0, bytes).has_value());
    return bytes;
  }
  void write_log(ByteView bytes) {
    ASSERT_TRUE((*disk_.open(log_path(), Disk::Open::existing))->write(0, bytes).has_value());
  }
  std::string log_path() { return std::string(kFolder) + "/" + disk_.list(kFolder)->front(); }

  Generator generator_{1};
  MemoryDisk disk_;
  MemoryIndex index_;
  SharedStore shared_;
  ManualClock clock_;
  store::Limits limits_{.filled_ahead_bytes = 65536};
  std::unique_ptr<Process> process_;
  std::vector<std::string> faults_;
};

}  // namespace dialog::test
