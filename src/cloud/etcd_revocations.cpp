#include "dialog/cloud/etcd_revocations.hpp"

#include <optional>
#include <utility>

#include "etcd_caller.hpp"
#include "etcd_record.hpp"
#include "revoked_object.hpp"

namespace dialog {

struct EtcdRevocations::Stored {
  std::optional<Bytes> value;  // as etcd holds it
  std::vector<Revocation> revocations;
};

EtcdRevocations::EtcdRevocations(std::unique_ptr<etcd::Caller> caller)
    : caller_(std::move(caller)) {}
EtcdRevocations::~EtcdRevocations() = default;

Result<std::unique_ptr<EtcdRevocations>> EtcdRevocations::create(EtcdAddress address,
                                                                 EtcdOptions options,
                                                                 HttpTransport transport) {
  DIALOG_ASSIGN(auto caller,
                etcd::Caller::create(std::move(address), std::move(options), std::move(transport)));
  return std::unique_ptr<EtcdRevocations>(new EtcdRevocations(std::move(caller)));
}

Result<EtcdRevocations::Stored> EtcdRevocations::load(const Subject& subject,
                                                      const Context& context) {
  const Bytes key = etcd::revoked_key(caller_->address().prefix(), subject);
  auto answer = caller_->call(etcd::kRangePath, etcd::print_get(key), context);
  if (!answer) return fail(std::move(answer).error().error);
  auto range = etcd::parse_range(answer->body);
  if (!range || range->pairs.size() > 1) return fail(etcd::strange_answer(*caller_));
  Stored stored;
  if (range->pairs.empty()) return stored;
  stored.value = std::move(range->pairs.front().value);
  DIALOG_ASSIGN(stored.revocations, detail::parse_revoked(*stored.value, subject));
  return stored;
}

Result<void> EtcdRevocations::add(const Subject& subject, const Revoke& revoke,
                                  const Context& context) {
  const Context until = caller_->bounded(context);
  while (true) {
    DIALOG_ASSIGN(const Stored stored, load(subject, until));
    DIALOG_ASSIGN(const auto revocations, with_revocation(stored.revocations, revoke));
    // What an earlier copy of this request did, or another server, too.
    if (stored.value && revocations == stored.revocations) return {};
    const etcd::Transaction change{stored.value,
                                   {{etcd::revoked_key(caller_->address().prefix(), subject),
                                     detail::print_revoked(revocations, subject)}},
                                   std::nullopt};
    auto answer = caller_->call(etcd::kTxnPath, etcd::print_transaction(change), until);
    if (!answer) return fail(std::move(answer).error().error);
    const auto read = etcd::parse_transaction(answer->body, 1);
    if (!read) return fail(etcd::strange_answer(*caller_));
    if (read->succeeded) return {};
    DIALOG_TRY(check_context(until, caller_->clock()));
  }
}

Result<std::vector<Revocation>> EtcdRevocations::list(const Subject& subject,
                                                      const Context& context) {
  DIALOG_ASSIGN(Stored stored, load(subject, caller_->bounded(context)));
  return std::move(stored.revocations);
}

}  // namespace dialog
