#include "dialog/remote/memory_backend.hpp"

#include <utility>

namespace dialog {
namespace {

bool is_of_provider(ErrorCode code) {
  return code != ErrorCode::timeout && code != ErrorCode::cancelled &&
         code != ErrorCode::unavailable && code != ErrorCode::indeterminate;
}

RevisionBackendError fetch_error(const Subject& subject, Error error) {
  if (is_of_provider(error.code)) {
    return {ProviderError{subject, std::move(error.message)}, error.code};
  }
  return {FetchFailed{subject, std::move(error.message)}, error.code};
}

RevisionBackendError publish_error(const Subject& subject, Error error) {
  if (is_of_provider(error.code)) {
    return {ProviderError{subject, std::move(error.message)}, error.code};
  }
  const bool indeterminate = error.code == ErrorCode::indeterminate;
  return {PublishFailed{subject, std::move(error.message), indeterminate}, error.code};
}

}  // namespace

MemoryBackend::MemoryBackend(std::shared_ptr<Register> shared, Clock& clock)
    : register_(std::move(shared)), clock_(&clock) {}

RemoteResult<std::optional<Revision>> MemoryBackend::do_revision(const Subject& subject) const {
  return cache_.find(subject);
}

RemoteResult<Head> MemoryBackend::do_fetch(const Subject& subject, const Context& context) {
  auto record = register_->read(subject, context);
  if (!record) return fail(fetch_error(subject, std::move(record).error()));
  if (!*record) {
    cache_.forget(subject);
    return fail(RevisionBackendError(NotFound{subject}));
  }
  cache_.store(subject, (*record)->revision);
  return Head{(*record)->revision, (*record)->sequence};
}

RemoteResult<Head> MemoryBackend::do_swap(const Subject& subject, const Revision& expected,
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

RemoteResult<std::optional<HeadHistory>> MemoryBackend::do_history(const Subject& subject,
                                                                   std::uint64_t after,
                                                                   const Context& context) {
  auto history = register_->history(subject, after, SIZE_MAX, context);
  if (!history) return fail(fetch_error(subject, std::move(history).error()));
  return std::optional<HeadHistory>(*std::move(history));
}

std::unique_ptr<RevisionBackend> MemoryBackend::do_clone() const {
  return std::make_unique<MemoryBackend>(*this);
}

MemoryBackendProvider::MemoryBackendProvider(Clock& clock)
    : register_(std::make_shared<MemoryRegister>(clock)), clock_(&clock) {}

RemoteResult<void> MemoryBackendProvider::initialize(const Subject& subject,
                                                     const Revision& revision) {
  Revision expected;
  while (true) {
    auto outcome = register_->swap(subject, {expected, revision, clock_->wall(), {}, false}, {});
    if (!outcome) return fail(publish_error(subject, std::move(outcome).error()));
    if (std::holds_alternative<Register::Accepted>(*outcome)) return {};
    // Each refusal means that another writer got ahead, so this ends once they pause.
    const auto& actual = std::get<Register::Refused>(*outcome).actual;
    expected = actual ? actual->revision : Revision();
  }
}

MemoryBackend MemoryBackendProvider::connect() const { return MemoryBackend(register_, *clock_); }

}  // namespace dialog
