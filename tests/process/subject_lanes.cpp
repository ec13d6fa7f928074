#include "process/subject_lanes.hpp"

#include <algorithm>
#include <variant>

#include "process/lanes.hpp"
#include "support/generator.hpp"

namespace dialog::test {
namespace {

constexpr std::uint64_t kHistoryKept = 50;
/// The latest steps of which every block is looked for; of older ones every eighth's.
constexpr int kLookedAt = 100;

}  // namespace

Result<std::unique_ptr<LogServerStore>> open_server_store(const std::string& folder,
                                                          std::uint64_t folder_number) {
  LogOptions options;
  options.open = StoreOpen::ensure;
  options.limits = quick_limits(folder_number);
  options.history_kept = kHistoryKept;
  return LogServerStore::open(folder, options);
}

SubjectLane::SubjectLane(std::uint64_t folder_number, int number)
    : folder_number_(folder_number),
      number_(number),
      subject_(Subject::parse("did:web:lane-" + std::to_string(number) + ".example").value()) {}

// A revision of its own for the state before the first step: zeros.
Revision SubjectLane::revision(int step) const {
  if (step < 0) return {};
  return Revision(Hash::of(std::to_string(folder_number_) + ":" + std::to_string(number_) + ":" +
                           std::to_string(step)));
}

std::vector<Block> SubjectLane::blocks(int step) const {
  Generator generator(static_cast<std::uint64_t>(step));
  std::vector<Block> made;
  for (int i = 0; i < step % 3; ++i) {
    made.push_back(Block::of(revision(step).hex() + std::to_string(i) +
                             generator.bytes(generator.below(2000))));
  }
  return made;
}

Result<int> SubjectLane::last(ServerStore& store) const {
  DIALOG_ASSIGN(const auto head, store.head_register().read(subject_, {}));
  return head ? static_cast<int>(head->sequence) - 1 : -1;
}

Result<void> SubjectLane::put_blocks(ServerStore& store, int step) const {
  const auto archive = store.archive_for(subject_);
  DIALOG_TRY(archive->put(blocks(step)));
  return archive->flush();
}

Result<void> SubjectLane::swap(ServerStore& store, int step) const {
  const Register::Swap swap{revision(step - 1), revision(step), WallTime{step}, "lane", step == 0};
  DIALOG_ASSIGN(const auto outcome, store.head_register().swap(subject_, swap, {}));
  if (std::holds_alternative<Register::Accepted>(outcome)) return {};
  return fail(ErrorCode::conflict, "the head stands elsewhere");
}

Result<std::optional<std::string>> SubjectLane::find_fault(ServerStore& store, int acknowledged,
                                                           int flushed) const {
  DIALOG_ASSIGN(const int end, last(store));
  const std::string lane = "subject " + std::to_string(number_) + ": ";
  if (end < acknowledged || end > acknowledged + 1) {
    return lane + "acknowledged was " + std::to_string(acknowledged) + ", the last one there is " +
           std::to_string(end);
  }
  DIALOG_ASSIGN(const auto wrong, find_wrong_swap(store, end));
  if (wrong) return lane + *wrong;
  for (int step = 0; step <= std::max(end, flushed); ++step) {
    if (step + kLookedAt < end && step % 8 != 0) continue;
    DIALOG_ASSIGN(const bool are_there, has_blocks(store, step));
    if (!are_there) return lane + "step " + std::to_string(step) + " lost a block";
  }
  return std::nullopt;
}

Result<std::optional<std::string>> SubjectLane::find_wrong_swap(ServerStore& store, int end) const {
  const int first = std::max(0, end + 1 - static_cast<int>(kHistoryKept));
  DIALOG_ASSIGN(const HeadHistory history,
                store.head_register().history(subject_, static_cast<std::uint64_t>(first),
                                              2 * kHistoryKept, {}));
  if (static_cast<int>(history.records.size()) != end + 1 - first) {
    return "there are " + std::to_string(history.records.size()) + " swaps after number " +
           std::to_string(first) + ", although the head is at " + std::to_string(end + 1);
  }
  int step = first;
  for (const HeadRecord& record : history.records) {
    const bool is_right = record.sequence == static_cast<std::uint64_t>(step) + 1 &&
                          record.revision == revision(step) &&
                          record.previous == revision(step - 1) && record.time == WallTime{step};
    if (!is_right) return "swap " + std::to_string(step + 1) + " is another one";
    ++step;
  }
  return std::nullopt;
}

Result<bool> SubjectLane::has_blocks(ServerStore& store, int step) const {
  std::vector<Hash> hashes;
  for (const Block& block : blocks(step)) hashes.push_back(block.hash());
  DIALOG_ASSIGN(const auto got, store.archive_for(subject_)->get(hashes));
  return std::all_of(got.begin(), got.end(), [](const auto& block) { return block.has_value(); });
}

Result<std::optional<std::string>> find_damage(LogServerStore& store) {
  std::optional<std::string> damage;
  const auto note = [&](const Error& error) { damage = error.message; };
  DIALOG_TRY(store.check(note, {}));
  return damage;
}

}  // namespace dialog::test
