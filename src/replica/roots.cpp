#include "roots.hpp"

#include <utility>

#include "records.hpp"

namespace dialog {

std::vector<Root> roots_of(const Branch& branch) {
  std::vector<Root> roots{{branch.built, "built"}};
  for (const auto& [remote, tracking] : branch.tracking) {
    roots.push_back({tracking.origin, "origin at " + remote});
    if (tracking.fetched) roots.push_back({tracking.fetched->revision, "fetched from " + remote});
    for (const SwapIntent& intent : tracking.intents)
      roots.push_back({intent.desired, "unsettled swap at " + remote});
  }
  return roots;
}

Result<std::vector<ReflogEntry>> reflog_of(HeadStore& heads, std::string_view branch) {
  const std::string prefix = records::reflog_prefix(branch);
  HeadStore::Range range;
  range.prefix = prefix;
  DIALOG_ASSIGN(const std::vector<Record> found, heads.list(range));
  std::vector<ReflogEntry> entries;
  entries.reserve(found.size());
  for (const Record& record : found) {
    DIALOG_ASSIGN(ReflogEntry entry, records::decode_reflog(record.key, record.value));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace dialog
