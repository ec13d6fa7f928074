#include "dialog/http/revocation_messages.hpp"
#include "handlers.hpp"

namespace dialog::server {
namespace {

// Keys further down a chain leave room for the subject's own revocations.
constexpr std::size_t kRevocationsByOthersMax = kRevocationsMax / 4;

// No grant that is in use now lasts longer, and none that is issued for later either, by the rule
// that a grant begins at most as late as one may last.
constexpr std::chrono::seconds kKeptUntold = 2 * Capability::kLifeMax;

Answer forbidden(std::string message) {
  return error_answer(403, {ErrorCode::unauthorized, std::move(message), {}});
}

Answer not_kept() {
  return error_answer({ErrorCode::unsupported,
                       "this server takes no capabilities, so that there is nothing to revoke",
                       {}});
}

bool is_subject(const Task& task) {
  return task.visitor.signer && Did::of(*task.visitor.signer).text() == task.subject().did();
}

// Only what its chain proves: whoever signed one of its links may take that back, and what stands
// on it.
std::optional<Answer> judge_chain(const Task& task, const Capability& capability) {
  if (capability.subject().text() != task.subject().did())
    return error_answer(
        400, {ErrorCode::invalid_argument, "the capability is from another subject", {}});
  if (!capability.verify())
    return error_answer(400, {ErrorCode::invalid_argument,
                              "the capability is not signed by those who had the right",
                              {}});
  if (task.visitor.may_administer) return {};
  for (std::size_t link = 0; link < capability.grants().size(); ++link) {
    if (task.visitor.signer == capability.issuer(link)) return {};
  }
  return forbidden("only the subject, and those who handed a capability on, can revoke it");
}

}  // namespace

Answer get_revocations(const Task& task) {
  RevocationStore* const store = task.store.revocations();
  if (store == nullptr || !task.config.signatures) return not_kept();
  const auto revocations = store->list(task.subject(), task.context);
  if (!revocations) return store_error_answer(revocations.error());
  return json_answer(wire::print_revocation_list(*revocations));
}

Answer post_revocation(const Task& task) {
  RevocationStore* const store = task.store.revocations();
  if (store == nullptr || !task.config.signatures) return not_kept();
  const auto message = wire::parse_revoke(task.request.body);
  if (!message) return error_answer(message.error());
  Revoke revoke;
  revoke.now = std::chrono::duration_cast<std::chrono::seconds>(task.clock.wall());
  if (message->id) {
    if (!is_subject(task) && !task.visitor.may_administer)
      return forbidden("only the subject can revoke by an id; others show the capability itself");
    revoke.revocation = {*message->id, revoke.now + kKeptUntold};
  } else {
    const auto capability = Capability::from_text(*message->capability);
    if (!capability) return error_answer(capability.error());
    if (auto refusal = judge_chain(task, *capability)) return *std::move(refusal);
    revoke.revocation = {capability->id(), capability->expires()};
    if (!is_subject(task) && !task.visitor.may_administer)
      revoke.count_max = kRevocationsByOthersMax;
  }
  if (auto added = store->add(task.subject(), revoke, task.context); !added)
    return store_error_answer(added.error());
  return json_answer(wire::print_revocation(revoke.revocation));
}

}  // namespace dialog::server
