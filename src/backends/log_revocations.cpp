#include "log_revocations.hpp"

#include "log_keys.hpp"

namespace dialog {
namespace {

using store::View;

Result<std::vector<Revocation>> parse(const std::optional<Bytes>& stored) {
  if (!stored) return std::vector<Revocation>();
  return parse_revocations(*stored);
}

}  // namespace

Result<void> LogRevocations::add(const Subject& subject, const Revoke& revoke,
                                 const Context& context) {
  const Bytes key = log_keys::revocations(subject.id());
  while (true) {
    DIALOG_TRY(check_context(context, clock_));
    DIALOG_ASSIGN(const auto stored, engine_.read(key, View::submitted));
    DIALOG_ASSIGN(auto kept, parse(stored));
    DIALOG_ASSIGN(kept, with_revocation(std::move(kept), revoke));
    const Bytes after = print_revocations(kept);
    const store::RecordChange change{key, stored, after};
    // Also where nothing changes: whoever wrote it may not have waited yet.
    DIALOG_ASSIGN(const auto number, engine_.submit({&change, 1}, context));
    if (number) return engine_.wait(*number);
  }
}

Result<std::vector<Revocation>> LogRevocations::list(const Subject& subject,
                                                     const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_ASSIGN(const auto stored,
                engine_.read(log_keys::revocations(subject.id()), View::durable));
  return parse(stored);
}

}  // namespace dialog
