#include "process/counts.hpp"

#include <string>
#include <vector>

namespace dialog::test {
namespace {

constexpr int kCounters = 3;
constexpr std::string_view kPrefix = "sum/";
constexpr std::string_view kCounterPrefix = "sum/counter/";

std::string worker_key(int worker) { return "sum/worker/" + std::to_string(worker); }

std::optional<Bytes> one_more(const std::optional<Bytes>& number) {
  return std::to_string((number ? std::stoi(*number) : 0) + 1);
}

}  // namespace

Result<int> counted_by(HeadStore& heads, int worker) {
  DIALOG_ASSIGN(const auto stored, heads.read(worker_key(worker)));
  return stored ? std::stoi(*stored) : 0;
}

Result<void> count_one(HeadStore& heads, int worker) {
  const std::string mine = worker_key(worker);
  while (true) {
    DIALOG_ASSIGN(const auto own, heads.read(mine));
    const std::string counter =
        std::string(kCounterPrefix) + std::to_string((own ? std::stoi(*own) : 0) % kCounters);
    DIALOG_ASSIGN(const auto seen, heads.read(counter));
    const std::vector<RecordChange> changes{{mine, own, one_more(own)},
                                            {counter, seen, one_more(seen)}};
    DIALOG_ASSIGN(const bool is_done, heads.commit(changes));
    if (is_done) return {};
  }
}

Result<Counts> counts(HeadStore& heads) {
  HeadStore::Range range;
  range.prefix = kPrefix;
  DIALOG_ASSIGN(const auto records, heads.list(range));
  Counts sums;
  for (const Record& record : records) {
    const bool is_counter = record.key.starts_with(kCounterPrefix);
    (is_counter ? sums.by_counter : sums.by_worker) += std::stoull(record.value);
  }
  return sums;
}

}  // namespace dialog::test
