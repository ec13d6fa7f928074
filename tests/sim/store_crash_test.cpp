#include <gtest/gtest.h>
#include <iostream>
#include <limits>
#include <map>
#include <set>

#include "dialog/store/engine.hpp"
#include "support/memory_disk.hpp"
#include "support/seeds.hpp"
#include "support/store_parts.hpp"

namespace dialog::test {
namespace {

using store::Engine;
using store::RecordChange;
using store::View;
using Records = std::map<Bytes, Bytes>;

constexpr const char* kFolder = "folder";
constexpr std::size_t kSteps = 14;
#ifdef DIALOG_SIM_SEEDS
constexpr std::uint64_t kSeeds = DIALOG_SIM_SEEDS / 5;
#else
constexpr std::uint64_t kSeeds = 400;
#endif

enum class Death : std::uint8_t {
  power_cut,  ///< all that was not synced is gone
  torn,       ///< any part of it is
  process,    ///< nothing is gone; another process goes on
};
constexpr Death kDeaths[] = {Death::power_cut, Death::torn, Death::torn, Death::process};

store::Limits small_limits() {
  store::Limits limits;
  limits.segment_bytes_max = 700;
  limits.filled_ahead_bytes = 128;
  limits.buffered_bytes_max = 600;
  // Which call of the disk comes when must not depend on threads.
  limits.writes_early_in_background = false;
  limits.short_value_bytes_max = 60;
  return limits;
}

/// What a store must hold.
struct Model {
  std::vector<Records> states{{}};  ///< after each submitted commit
  std::size_t acknowledged = 0;     ///< the index of a state that must have been reached
  std::set<Bytes> put;              ///< ever
  std::set<Bytes> unflushed;
  std::set<Bytes> durable;
  std::set<Bytes> removed;

  static Bytes describe(const Records& records) {
    Bytes text;
    for (const auto& [key, value] : records) text += key + "=" + value + " ";
    return text;
  }
};

/// One life of a store that ends at some call of its disk.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed), generator_(seed) {}

  [[nodiscard]] std::string open() {
    coordinator_ = std::make_unique<LocalCoordinator>(shared_);
    auto opened = Engine::open({disk_, kFolder, index_, *coordinator_, clock_}, small_limits());
    if (!opened) return "open: " + opened.error().message;
    engine_ = *std::move(opened);
    return "";
  }

  /// Until the disk halts at a call, maybe while the store is opened, or to the end of the script.
  /// Says where it does not begin with what must be there.
  [[nodiscard]] std::string live(std::uint64_t halt_at) {
    disk_.halt_at(halt_at);
    if (!open().empty()) return "";
    if (auto fault = check_records(); !fault.empty()) return fault;
    for (std::size_t i = 0; i < kSteps && step(); ++i) {
    }
    return "";
  }

  [[nodiscard]] std::uint64_t some_call() { return 1 + random_.below(60); }

  void die(Death death) {
    engine_.reset();
    coordinator_.reset();
    model_.unflushed.clear();
    const bool keeps_memory = death == Death::process;
    disk_.crash(generator_, keeps_memory           ? MemoryDisk::Loss::nothing
                            : death == Death::torn ? MemoryDisk::Loss::anything
                                                   : MemoryDisk::Loss::everything);
    if (!keeps_memory) power_is_back();
  }

  /// With a disk that works again.
  [[nodiscard]] std::string check() {
    if (auto fault = open(); !fault.empty()) return fault;
    if (auto fault = check_records(); !fault.empty()) return fault;
    return check_blocks();
  }

  MemoryDisk& disk() { return disk_; }

  [[nodiscard]] bool holds_packed() {
    const std::vector<std::string> names = *disk_.list(kFolder);
    for (const std::string& name : names) {
      const auto file = *disk_.open(std::string(kFolder) + "/" + name, Disk::Open::existing);
      Bytes bytes(static_cast<std::size_t>(*file->size()), '\0');
      EXPECT_TRUE(file->read(0, bytes).has_value());
      if (bytes.find("\x28\xb5\x2f\xfd") != Bytes::npos) return true;
    }
    return false;
  }

  [[nodiscard]] bool holds_long_values() {
    bool found = false;
    EXPECT_TRUE(index_.for_each_record({}, [&](ByteView, const auto& record) {
      found = std::holds_alternative<store::LongValue>(record.value);
      return !found;
    }));
    return found;
  }

 private:
  void power_is_back() {
    shared_.published.reset();
    shared_.owner = nullptr;
    shared_.waiting.clear();
    shared_.is_clean = true;
  }

  [[nodiscard]] std::string check_records() {
    const auto listed = engine_->list({}, View::durable);
    if (!listed) return disk_.has_halted() ? "" : "list: " + listed.error().message;
    Records found;
    for (const auto& record : *listed) found.emplace(record.key, record.value);
    std::size_t reached = model_.acknowledged;
    while (reached < model_.states.size() && model_.states[reached] != found) ++reached;
    if (reached == model_.states.size()) {
      return "records: " + Model::describe(found) +
             "; acknowledged: " + Model::describe(model_.states[model_.acknowledged]);
    }
    model_.states = {found};
    model_.acknowledged = 0;
    return "";
  }

  [[nodiscard]] std::string check_blocks() {
    for (const Bytes& bytes : model_.put) {
      const Hash hash = Hash::of(bytes);
      const auto found = engine_->get(0, {&hash, 1});
      if (!found) return "get: " + found.error().message;
      const bool is_there = found->front().has_value();
      if (is_there && found->front()->bytes() != bytes) return "another block";
      if (!is_there && model_.durable.contains(bytes))
        return "a durable block is gone: " + hash.hex();
      if (is_there && model_.removed.contains(bytes))
        return "a removed block is back: " + hash.hex();
      if (is_there) model_.durable.insert(bytes);
    }
    return "";
  }

  void settle_blocks() {
    model_.durable.insert(model_.unflushed.begin(), model_.unflushed.end());
    model_.unflushed.clear();
  }

  bool submit(const Records& changes, std::optional<std::uint64_t>& number) {
    const Records& now = model_.states.back();
    std::vector<RecordChange> wanted;
    Records after = now;
    for (const auto& [key, value] : changes) {
      const auto at = now.find(key);
      RecordChange change{key, std::nullopt, value};
      if (at != now.end()) change.expected = at->second;
      if (value.empty()) {
        change.desired.reset();
        after.erase(key);
        if (at == now.end()) continue;
      } else {
        after.insert_or_assign(key, value);
      }
      wanted.push_back(change);
    }
    const auto submitted = engine_->submit(wanted, {});
    if (!submitted || !*submitted) return false;
    number = **submitted;
    model_.states.push_back(std::move(after));
    return true;
  }

  bool wait(std::uint64_t number, std::size_t state) {
    if (!engine_->wait(number)) return false;
    model_.acknowledged = state;
    settle_blocks();
    return true;
  }

  bool commit(const Records& changes) {
    std::optional<std::uint64_t> number;
    return submit(changes, number) && wait(*number, model_.states.size() - 1);
  }

  Records random_changes() {
    Records changes;
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) {
      changes["k" + std::to_string(random_.below(5))] =
          random_.chance(1, 4)
              ? Bytes()
              : Bytes(50 * random_.below(4), 'v') + std::to_string(generator_.between(100, 999));
    }
    return changes;
  }

  bool put() {
    const std::size_t size = 100 * random_.below(5);
    const std::size_t number = generator_.between(10, 50);
    // Every other one can be packed.
    const Bytes bytes = std::to_string(number) +
                        (number % 2 == 0 ? Bytes(size, 'b') : Generator(number).bytes(size));
    const Block block = Block::of(bytes);
    model_.put.insert(bytes);
    model_.removed.erase(bytes);
    if (!model_.durable.contains(bytes)) model_.unflushed.insert(bytes);
    return engine_->put(0, {&block, 1}, {}).has_value();
  }

  bool remove() {
    std::vector<Hash> hashes;
    std::set<Bytes> removed;
    for (const Bytes& bytes : model_.durable) {
      if (!random_.chance(1, 3)) continue;
      hashes.push_back(Hash::of(bytes));
      removed.insert(bytes);
    }
    for (const Bytes& bytes : removed) model_.durable.erase(bytes);
    if (hashes.empty()) return true;
    if (!engine_->remove(0, hashes, {})) return false;
    settle_blocks();
    model_.removed = std::move(removed);
    return true;
  }

  bool submit_some() {
    std::optional<std::uint64_t> number;
    for (int i = 0; i < 3; ++i)
      if (!submit(random_changes(), number)) return false;
    return wait(*number, model_.states.size() - 1);
  }

  bool compact() {
    if (!engine_->compact(0.9, {})) return false;
    settle_blocks();
    return true;
  }

  bool step() {
    switch (random_.below(8)) {
      case 0:
      case 1:
        return put() && put();
      case 2:
        if (!engine_->flush({})) return false;
        settle_blocks();
        return true;
      case 3:
        return remove();
      case 4:
        return random_.chance(1, 2) ? engine_->checkpoint().has_value() : compact();
      case 5:
        return submit_some();
      default:
        return commit(random_changes());
    }
  }

  SeededRandom random_;
  Generator generator_;
  MemoryDisk disk_;
  MemoryIndex index_;
  SharedStore shared_;
  ManualClock clock_;
  std::unique_ptr<LocalCoordinator> coordinator_;
  std::unique_ptr<Engine> engine_;
  Model model_;
};

struct Whole {
  std::uint64_t calls = 0;
  bool holds_packed = false;
  bool holds_long_values = false;
};

Whole whole_life(std::uint64_t seed) {
  World world(seed);
  EXPECT_EQ(world.live(std::numeric_limits<std::uint32_t>::max()), "");
  return {world.disk().calls(), world.holds_packed(), world.holds_long_values()};
}

// Three lives: the first ends at a call of choice, the second anywhere, maybe while it recovers.
std::string fault_of(std::uint64_t seed, std::uint64_t call, Death death) {
  World world(seed);
  if (auto fault = world.live(call); !fault.empty()) return "first life: " + fault;
  world.die(death);
  if (auto fault = world.live(world.some_call()); !fault.empty()) return "second life: " + fault;
  world.die(death);
  return world.check();
}

TEST(StoreCrash, NothingAcknowledgedIsEverLost) {
  std::uint64_t states = 0;
  std::uint64_t packed = 0;
  std::uint64_t with_long_values = 0;
  for_each_seed(kSeeds, [&](Generator& generator) {
    const std::uint64_t seed = generator.seed();
    const Whole whole = whole_life(seed);
    packed += whole.holds_packed ? 1 : 0;
    with_long_values += whole.holds_long_values ? 1 : 0;
    for (std::uint64_t call = 1; call <= whole.calls + 1; ++call) {
      for (const Death death : kDeaths) {
        ASSERT_EQ(fault_of(seed, call, death), "")
            << "call " << call << ", death " << static_cast<int>(death);
        states += 2;
      }
    }
  });
  EXPECT_GT(packed, kSeeds / 10) << "of the stores hold packed blocks";
  EXPECT_GT(with_long_values, kSeeds / 10) << "of the stores hold long values";
  RecordProperty("states", std::to_string(states));
  std::cout << states << " crashes, " << packed << " of " << kSeeds
            << " stores with packed blocks, " << with_long_values << " with long values\n";
}

}  // namespace
}  // namespace dialog::test
