#include <algorithm>
#include <gtest/gtest.h>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <variant>
#include <vector>

#include "head_record.hpp"
#include "log_keys.hpp"
#include "log_list.hpp"
#include "log_register.hpp"
#include "log_removals.hpp"
#include "log_subjects.hpp"
#include "support/memory_disk.hpp"
#include "support/seeds.hpp"
#include "support/store_parts.hpp"

// Ends a server's store at every call of its disk, while subjects are filled, published, removed
// and made again, and looks whether each of them is there whole or not at all.

namespace dialog::test {
namespace {

using store::Engine;

constexpr const char* kFolder = "folder";
constexpr std::size_t kSteps = 16;
#ifdef DIALOG_SIM_SEEDS
constexpr std::uint64_t kSeeds = DIALOG_SIM_SEEDS / 20;
#else
constexpr std::uint64_t kSeeds = 25;
#endif

enum class Death : std::uint8_t {
  power_cut,  ///< all that was not synced is gone
  torn,       ///< any part of it is
  process,    ///< nothing is gone; another process goes on
};
constexpr Death kDeaths[] = {Death::power_cut, Death::torn, Death::process};

store::Limits small_limits() {
  store::Limits limits;
  limits.segment_bytes_max = 900;
  limits.filled_ahead_bytes = 128;
  limits.buffered_bytes_max = 600;
  // Which call of the disk comes when must not depend on threads.
  limits.writes_early_in_background = false;
  return limits;
}

/// What is acknowledged of a subject.
struct Kept {
  std::uint64_t swaps = 0;
  std::set<Bytes> blocks;
  friend bool operator==(const Kept&, const Kept&) = default;
};

/// A server's store on a disk in memory.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed), generator_(seed) {
    for (const char* name : {"did:web:a", "did:web:b", "did:web:c"}) {
      subjects_.push_back(Subject::parse(name).value());
      kept_.emplace_back();
    }
  }

  [[nodiscard]] std::string open() {
    coordinator_ = std::make_unique<LocalCoordinator>(shared_);
    auto opened = Engine::open({disk_, kFolder, index_, *coordinator_, clock_}, small_limits());
    if (!opened) return "open: " + opened.error().message;
    engine_ = *std::move(opened);
    heads_ = std::make_unique<LogRegister>(*engine_, 3, clock_);
    spaces_ = std::make_unique<LogSubjects>(*engine_);
    removals_ = std::make_unique<LogRemovals>(*engine_, *spaces_, LogRemovals::Emptying::on_demand);
    return "";
  }

  /// Until the disk halts at a call, or to the end of the script.
  [[nodiscard]] std::string live(std::uint64_t halt_at) {
    disk_.halt_at(halt_at);
    if (auto fault = open(); !fault.empty()) return disk_.has_halted() ? "" : fault;
    std::string fault;
    for (std::size_t i = 0; i < kSteps && fault.empty(); ++i) {
      if (!step(fault)) break;
    }
    return disk_.has_halted() ? "" : fault;
  }

  void die(Death death) {
    close();
    const bool keeps_memory = death == Death::process;
    disk_.crash(generator_, keeps_memory           ? MemoryDisk::Loss::nothing
                            : death == Death::torn ? MemoryDisk::Loss::anything
                                                   : MemoryDisk::Loss::everything);
    if (keeps_memory) return;
    shared_.published.reset();
    shared_.owner = nullptr;
    shared_.waiting.clear();
    shared_.is_clean = true;
  }

  /// With a disk that works again.
  [[nodiscard]] std::string check() {
    if (auto fault = open(); !fault.empty()) return fault;
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      if (auto fault = check(i); !fault.empty()) return subjects_[i].did() + ": " + fault;
    }
    under_way_.reset();
    if (auto fault = check_list(); !fault.empty()) return fault;
    return check_nothing_is_left();
  }

  [[nodiscard]] std::uint64_t calls() const { return disk_.calls(); }
  [[nodiscard]] bool has_removed() const { return has_removed_; }

 private:
  void close() {
    removals_.reset();
    spaces_.reset();
    heads_.reset();
    engine_.reset();
    coordinator_.reset();
  }

  // What of all the blocks that were ever put a subject shows.
  Result<std::set<Bytes>> visible(const Subject& subject) {
    LogSubjectArchive archive(*engine_, *spaces_, subject, clock_);
    std::set<Bytes> found;
    for (const Bytes& bytes : put_) {
      const Hash hash = Hash::of(bytes);
      DIALOG_ASSIGN(const auto block, archive.get({&hash, 1}));
      if (block.front()) found.insert(bytes);
    }
    return found;
  }

  // It is as it was acknowledged, or as the step that was cut off would have left it.
  std::string check(std::size_t i) {
    const auto head = heads_->read(subjects_[i], {});
    if (!head) return "head: " + head.error().message;
    const auto history = heads_->history(subjects_[i], 0, 100, {});
    if (!history) return "history: " + history.error().message;
    const auto blocks = visible(subjects_[i]);
    if (!blocks) return "blocks: " + blocks.error().message;
    const Kept found{*head ? (*head)->sequence : 0, *blocks};
    const std::size_t swaps = std::min<std::size_t>(3, static_cast<std::size_t>(found.swaps));
    if (history->records.size() != swaps) {
      return std::to_string(history->records.size()) + " swaps in the history of a head at " +
             std::to_string(found.swaps);
    }
    if (!may_be(i, found)) {
      return "at swap " + std::to_string(found.swaps) + " with " +
             std::to_string(found.blocks.size()) + " blocks; acknowledged was swap " +
             std::to_string(kept_[i].swaps) + " with " + std::to_string(kept_[i].blocks.size());
    }
    kept_[i] = found;
    return "";
  }

  bool may_be(std::size_t i, const Kept& found) const {
    if (found == kept_[i]) return true;
    if (!under_way_ || under_way_->subject != i) return false;
    const Kept& wanted = under_way_->after;
    if (found == wanted) return true;
    // Of a put any part may be there.
    return found.swaps == kept_[i].swaps && found.swaps == wanted.swaps &&
           std::includes(found.blocks.begin(), found.blocks.end(), kept_[i].blocks.begin(),
                         kept_[i].blocks.end()) &&
           std::includes(wanted.blocks.begin(), wanted.blocks.end(), found.blocks.begin(),
                         found.blocks.end());
  }

  static Usage usage_of(const Kept& kept) {
    Usage usage;
    for (const Bytes& bytes : kept.blocks) usage = {usage.blocks + 1, usage.bytes + bytes.size()};
    return usage;
  }

  std::string check_list() {
    const auto page = list_subjects(*engine_, std::nullopt, 100);
    if (!page) return "list: " + page.error().message;
    std::map<std::string, std::pair<std::uint64_t, Usage>> listed;
    for (const auto& entry : page->entries) {
      listed[entry.did] = {entry.head ? entry.head->sequence : 0, entry.usage};
    }
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      const std::pair wanted{kept_[i].swaps, usage_of(kept_[i])};
      const auto found = listed[subjects_[i].did()];
      if (found != wanted) {
        return "the list shows " + subjects_[i].did() + " at swap " + std::to_string(found.first) +
               " with " + std::to_string(found.second.blocks) + " blocks of " +
               std::to_string(found.second.bytes) + " bytes, and not at " +
               std::to_string(wanted.first) + " with " + std::to_string(wanted.second.blocks) +
               " of " + std::to_string(wanted.second.bytes);
      }
    }
    return "";
  }

  // A removal that was cut off goes on.
  std::string check_nothing_is_left() {
    if (auto done = removals_->finish({}); !done) return "finish: " + done.error().message;
    std::size_t blocks = 0;
    const auto visited = engine_->for_each_block([&](const store::BlockKey&, ByteView) {
      ++blocks;
      return true;
    });
    if (!visited) return "visit: " + visited.error().message;
    std::size_t wanted = 0;
    for (const Kept& kept : kept_) wanted += kept.blocks.size();
    if (blocks == wanted) return "";
    return std::to_string(blocks) + " blocks are in the log, and subjects show " +
           std::to_string(wanted);
  }

  template <class Act>
  bool act(std::size_t i, const Kept& after, std::string& fault, Act act) {
    under_way_ = UnderWay{i, after};
    const auto acted = act();
    if (!acted) {
      fault = acted.error().message;
      return false;
    }
    kept_[i] = after;
    under_way_.reset();
    return true;
  }

  bool put(std::size_t i, std::string& fault) {
    Kept after = kept_[i];
    std::vector<Block> blocks;
    for (std::uint64_t count = 1 + random_.below(3); count > 0; --count) {
      const std::size_t number = generator_.between(1, 12);
      const Bytes bytes = Generator(number).bytes(20 * number);
      blocks.push_back(Block::of(bytes));
      put_.insert(bytes);
      after.blocks.insert(bytes);
    }
    return act(i, after, fault, [&]() -> Result<void> {
      LogSubjectArchive archive(*engine_, *spaces_, subjects_[i], clock_);
      DIALOG_TRY(archive.put(blocks));
      return archive.flush();
    });
  }

  bool swap(std::size_t i, std::string& fault) {
    Kept after = kept_[i];
    ++after.swaps;
    const auto revision = [](std::uint64_t number) {
      return number == 0 ? Revision() : Revision(Hash::of(std::to_string(number)));
    };
    const Register::Swap swap{revision(after.swaps - 1), revision(after.swaps), {}, "a", false};
    return act(i, after, fault, [&]() -> Result<void> {
      DIALOG_ASSIGN(const auto outcome, heads_->swap(subjects_[i], swap, {}));
      if (std::holds_alternative<Register::Accepted>(outcome)) return {};
      return fail(ErrorCode::conflict, "a swap was refused");
    });
  }

  bool remove(std::size_t i, std::string& fault) {
    has_removed_ |= kept_[i] != Kept{};
    return act(i, {}, fault, [&]() -> Result<void> {
      DIALOG_ASSIGN(const bool removed, removals_->remove(subjects_[i], {}));
      if (removed == (kept_[i] != Kept{})) return {};
      return fail(ErrorCode::internal, "a removal says the wrong thing");
    });
  }

  bool upkeep(const Result<void>& done, std::string& fault) {
    if (!done) fault = done.error().message;
    return done.has_value();
  }

  bool step(std::string& fault) {
    const auto i = static_cast<std::size_t>(random_.below(subjects_.size()));
    switch (random_.below(9)) {
      case 0:
      case 1:
        return remove(i, fault);
      case 2:
        return upkeep(removals_->finish({}), fault);
      case 3:
        return upkeep(engine_->checkpoint(), fault);
      case 4: {
        const auto compacted = engine_->compact(0.9, {});
        if (!compacted) fault = compacted.error().message;
        return compacted.has_value();
      }
      case 5:
      case 6:
        return swap(i, fault);
      default:
        return put(i, fault);
    }
  }

  struct UnderWay {
    std::size_t subject = 0;
    Kept after;
  };

  SeededRandom random_;
  Generator generator_;
  MemoryDisk disk_;
  MemoryIndex index_;
  SharedStore shared_;
  ManualClock clock_;
  std::unique_ptr<LocalCoordinator> coordinator_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<LogRegister> heads_;
  std::unique_ptr<LogSubjects> spaces_;
  std::unique_ptr<LogRemovals> removals_;
  std::vector<Subject> subjects_;
  std::vector<Kept> kept_;
  std::set<Bytes> put_;
  std::optional<UnderWay> under_way_;
  bool has_removed_ = false;
};

// Two lives: the first ends at a call of choice, the second goes on from what is there.
std::string fault_of(std::uint64_t seed, std::uint64_t call, Death death) {
  constexpr std::uint64_t kNever = std::numeric_limits<std::uint32_t>::max();
  World world(seed);
  if (auto fault = world.live(call); !fault.empty()) return "first life: " + fault;
  world.die(death);
  if (auto fault = world.check(); !fault.empty()) return "after the first life: " + fault;
  world.die(Death::process);
  if (auto fault = world.live(kNever); !fault.empty()) return "second life: " + fault;
  world.die(death);
  if (auto fault = world.check(); !fault.empty()) return "after the second life: " + fault;
  return "";
}

TEST(SubjectCrash, ASubjectIsThereWholeOrNotAtAll) {
  std::uint64_t crashes = 0;
  std::uint64_t with_removals = 0;
  for_each_seed(kSeeds, [&](Generator& generator) {
    const std::uint64_t seed = generator.seed();
    World whole(seed);
    ASSERT_EQ(whole.live(std::numeric_limits<std::uint32_t>::max()), "");
    with_removals += whole.has_removed() ? 1 : 0;
    for (std::uint64_t call = 1; call <= whole.calls() + 1; ++call) {
      for (const Death death : kDeaths) {
        ASSERT_EQ(fault_of(seed, call, death), "")
            << "call " << call << ", death " << static_cast<int>(death);
        ++crashes;
      }
    }
  });
  EXPECT_GT(with_removals, kSeeds / 2) << "of the lives removed a subject";
  std::cout << crashes << " crashes, " << with_removals << " of " << kSeeds
            << " lives with removals\n";
}

TEST(SubjectCrash, WhatComesBackOfARemovedHistoryIsNoneOfTheNewSubjects) {
  MemoryDisk disk;
  MemoryIndex index;
  SharedStore shared;
  ManualClock clock;
  LocalCoordinator coordinator(shared);
  const auto engine = Engine::open({disk, kFolder, index, coordinator, clock}).value();
  LogRegister heads(*engine, 100, clock);
  const Subject subject = Subject::parse("did:web:a").value();
  for (const std::uint64_t sequence : {1U, 2U, 7U}) {
    const Bytes key = log_keys::history(subject.id(), sequence);
    const Bytes old = print_head({Revision(Hash::of("old")), {}, sequence, {}, {}}, {});
    const store::RecordChange change{key, std::nullopt, old};
    ASSERT_TRUE(engine->wait(engine->submit({&change, 1}, {}).value().value()).has_value());
  }
  EXPECT_TRUE(heads.history(subject, 0, 10, {}).value().records.empty());
  Revision expected;
  for (std::uint64_t sequence = 1; sequence <= 8; ++sequence) {
    const Revision desired(Hash::of(std::to_string(sequence)));
    const auto outcome = heads.swap(subject, {expected, desired, {}, "", false}, {});
    ASSERT_TRUE(std::holds_alternative<Register::Accepted>(outcome.value()));
    expected = desired;
    const HeadHistory history = heads.history(subject, 0, 10, {}).value();
    ASSERT_EQ(history.records.size(), sequence);
    EXPECT_EQ(history.records.back().revision, desired);
  }
}

}  // namespace
}  // namespace dialog::test
