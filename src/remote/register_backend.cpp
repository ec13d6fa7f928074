#include "dialog/remote/register_backend.hpp"

#include <utility>

namespace dialog {
namespace {

bool is_of_provider(ErrorCode code) {
  return code != ErrorCode::timeout && code != ErrorCode::cancelled &&
         code != ErrorCode::unavailable && code != ErrorCode::indeterminate;
}

RevisionBackendError fetch_error(const Subject& subject, Error error) {
  if (error.code == ErrorCode::unauthorized) {
    return Unauthorized{subject, std::move(error.message)};
  }
  if (is_of_provider(error.code)) {
    return {ProviderError{subject, std::move(error.message)}, error.code};
  }
  return {FetchFailed{subject, std::move(error.message)}, error.code};
}

RevisionBackendError publish_error(const Subject& subject, Error error) {
  if (error.code == ErrorCode::unauthorized) {
    return Unauthorized{subject, std::move(error.message)};
  }
  if (is_of_provider(error.code)) {
    return {ProviderError{subject, std::move(error.message)}, error.code};
  }
  const bool indeterminate = error.code == ErrorCode::indeterminate;
  return {PublishFailed{subject, std::move(error.message), indeterminate}, error.code};
}

}  // namespace

RegisterBackend::RegisterBackend(std::shared_ptr<Register> shared, Clock& clock)
    : register_(std::move(shared)), clock_(&clock) {}

RemoteResult<std::optional<Revision>> RegisterBackend::do_revision(const Subject& subject) const {
  return cache_.find(subject);
}

RemoteResult<Head> RegisterBackend::do_fetch(const Subject& subject, const Context& context) {
  auto record = register_->read(subject, context);
  if (!record) return fail(fetch_error(subject, std::move(record).error()));
  if (!*record) {
    cache_.forget(subject);
    return fail(RevisionBackendError(NotFound{subject}));
  }
  cache_.store(subject, (*record)->revision);
  return Head{(*record)->revision, (*record)->sequence};
}

RemoteResult<Head> RegisterBackend::do_swap(const Subject& subject, const Revision& expected,
                                            const Revision& desired, const Context& context) {
  auto outcome = register_->swap(subject, {expected, desired, clock_->wall(), {}, false}, context);
  if (!outcome) return fail(publish_error(subject, std::move(outcome).error()));
  if (const auto* accepted = std::get_if<Register::Accepted>(&*outcome)) {
    cache_.store(subject, desired);
    return Head{desired, accepted->record.sequence};
  }
  const auto& actual = std::get<Register::Refused>(*outcome).actual;
  if (!actual) {
    cache_.forget(subject);
    return fail(RevisionBackendError(NotFound{subject}));
  }
  cache_.store(subject, actual->revision);
  if (actual->revision == desired) return Head{desired, actual->sequence};
  return fail(RevisionBackendError(RevisionMismatch{subject, expected, actual->revision}));
}

RemoteResult<std::optional<HeadHistory>> RegisterBackend::do_history(const Subject& subject,
                                                                     std::uint64_t after,
                                                                     const Context& context) {
  auto history = register_->history(subject, after, SIZE_MAX, context);
  if (!history) return fail(fetch_error(subject, std::move(history).error()));
  return std::optional<HeadHistory>(*std::move(history));
}

std::unique_ptr<RevisionBackend> RegisterBackend::do_clone() const {
  return std::make_unique<RegisterBackend>(*this);
}

}  // namespace dialog
