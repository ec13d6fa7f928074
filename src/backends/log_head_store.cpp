#include "log_head_store.hpp"

#include <utility>

namespace dialog {
namespace {

store::View to_view(HeadStore::View view) {
  return view == HeadStore::View::durable ? store::View::durable : store::View::submitted;
}

}  // namespace

Result<std::optional<Bytes>> LogHeadStore::read(std::string_view key, View view) {
  DIALOG_TRY(check_record_key(key));
  return engine_.read(key, to_view(view));
}

Result<std::vector<Record>> LogHeadStore::list(const Range& range, View view) {
  DIALOG_ASSIGN(auto found, engine_.list({range.prefix, range.after, range.limit, range.reverse},
                                         to_view(view)));
  std::vector<Record> records;
  records.reserve(found.size());
  for (store::Record& record : found) {
    records.push_back({std::move(record.key), std::move(record.value)});
  }
  return records;
}

Result<std::optional<HeadStore::Ticket>> LogHeadStore::submit(
    std::span<const RecordChange> changes) {
  DIALOG_TRY(check_record_changes(changes));
  std::vector<store::RecordChange> wanted;
  wanted.reserve(changes.size());
  for (const RecordChange& change : changes) {
    wanted.push_back({change.key, change.expected, change.desired});
  }
  DIALOG_ASSIGN(const auto number, engine_.submit(wanted, {}));
  if (!number) return std::nullopt;
  return Ticket{*number};
}

Result<void> LogHeadStore::wait(Ticket ticket) { return engine_.wait(ticket.number); }

}  // namespace dialog
