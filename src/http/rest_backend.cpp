#include "dialog/http/rest_backend.hpp"

#include <iterator>
#include <utility>

#include "dialog/http/wire.hpp"
#include "rest_caller.hpp"

namespace dialog {
namespace {

// More than any answer of a register needs, so that a web page in its place is still recognized as
// one.
constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20U;
// Of one page, and of the pages after which no further one is asked for.
constexpr std::size_t kHistoryBytesMax = std::size_t{1} << 20U;
constexpr int kHistoryPagesMax = 64;

RevisionBackendError fetch_error(const Subject& subject, Error error) {
  switch (error.code) {
    case ErrorCode::unauthorized:
      return Unauthorized{subject, std::move(error.message)};
    case ErrorCode::storage_failed:
    case ErrorCode::storage_full:
      return {ProviderError{subject, std::move(error.message)}, error.code};
    // What is no answer of HTTP, or far too long for one of a register.
    case ErrorCode::malformed:
    case ErrorCode::too_large:
      return {FetchFailed{subject, std::move(error.message)}, ErrorCode::not_a_remote};
    default:
      return {FetchFailed{subject, std::move(error.message)}, error.code};
  }
}

RevisionBackendError publish_error(const Subject& subject, Error error) {
  switch (error.code) {
    case ErrorCode::unauthorized:
      return Unauthorized{subject, std::move(error.message)};
    case ErrorCode::storage_failed:
    case ErrorCode::storage_full:
      return {ProviderError{subject, std::move(error.message)}, error.code};
    default:
      return {PublishFailed{subject, std::move(error.message), false}, error.code};
  }
}

RevisionBackendError indeterminate(const Subject& subject, std::string reason) {
  return PublishFailed{subject, std::move(reason), true};
}

std::optional<Revision> revision_of(const HttpResponse& response) {
  const std::string* field = response.headers.find("ETag");
  return field ? wire::parse_etag(*field) : std::nullopt;
}

std::optional<std::uint64_t> sequence_of(const HttpResponse& response) {
  const std::string* field = response.headers.find(wire::kSequenceHeader);
  return field ? wire::parse_sequence(*field) : std::nullopt;
}

// What the answer to a swap says that the register holds: in its fields, or else in its body.
std::optional<Head> shown_by(const HttpResponse& response, bool accepted) {
  if (const auto revision = revision_of(response)) return Head{*revision, sequence_of(response)};
  if (accepted) {
    const auto record = wire::parse_record(response.body);
    return record ? std::optional(Head{record->revision, record->sequence}) : std::nullopt;
  }
  const auto mismatch = wire::parse_mismatch(response.body);
  if (!mismatch || !mismatch->actual) return std::nullopt;
  return Head{*mismatch->actual, sequence_of(response)};
}

// True where the answer of a server leaves open whether it acted: it says that something failed,
// and not that nothing happened. A proxy may say the same about a server that did act.
bool leaves_open(const HttpResponse& response) {
  if (response.status < 500 || response.status == 501 || response.status == 505 ||
      response.status == 507) {
    return response.status == 408;
  }
  const auto said = wire::parse_error(response.body);
  return !said ||
         (said->code != ErrorCode::busy && said->code != ErrorCode::unavailable &&
          said->code != ErrorCode::resource_exhausted && said->code != ErrorCode::storage_full);
}

// Absent where the answer is none of this protocol.
Result<std::optional<wire::Capabilities>> ask_capabilities(const detail::RestCaller& caller,
                                                           const Context& context) {
  const HttpRequest request = caller.request("GET", caller.endpoint().capabilities_url());
  auto response = caller.send(request, kAnswerBytesMax, context, Repeat::always);
  if (!response) {
    const ErrorCode code = response.error().error.code;
    if (code == ErrorCode::malformed || code == ErrorCode::too_large) return std::nullopt;
    return fail(std::move(response).error().error);
  }
  if (response->status == 200) {
    auto capabilities = wire::parse_capabilities(response->body);
    if (capabilities) return std::optional<wire::Capabilities>(*capabilities);
    if (capabilities.error().code != ErrorCode::not_a_remote)
      return fail(std::move(capabilities).error());
    return std::nullopt;
  }
  Error error = detail::status_error(*response, caller.endpoint());
  if (error.code == ErrorCode::not_a_remote || error.code == ErrorCode::not_found)
    return std::nullopt;
  return fail(std::move(error));
}

// A 404 may come from anybody.
Result<void> check_remote(const detail::RestCaller& caller, const Context& context) {
  if (!caller.capabilities_required()) return {};
  DIALOG_ASSIGN(const auto capabilities, ask_capabilities(caller, context));
  if (capabilities) return {};
  return fail(ErrorCode::not_a_remote, caller.endpoint().text() +
                                           " answers 404, and does not say what it is; this does "
                                           "not look like a remote of this protocol: check the "
                                           "address");
}

}  // namespace

Result<RestBackend> RestBackend::create(const RestBackendConfig& config, HttpTransport transport) {
  DIALOG_ASSIGN(auto caller, detail::RestCaller::create(config, std::move(transport)));
  return RestBackend(std::move(caller));
}

RemoteResult<std::optional<Revision>> RestBackend::do_revision(const Subject& subject) const {
  return cache_.find(subject);
}

RemoteResult<Head> RestBackend::do_fetch(const Subject& subject, const Context& context) {
  return fetch_until(subject, caller_->bounded(context));
}

RemoteResult<Head> RestBackend::fetch_until(const Subject& subject, const Context& context) {
  const HttpRequest request = caller_->request("HEAD", caller_->endpoint().subject_url(subject));
  auto response = caller_->send(request, kAnswerBytesMax, context, Repeat::always);
  if (!response) return fail(fetch_error(subject, std::move(response).error().error));
  if (response->status == 404) {
    cache_.forget(subject);
    if (auto checked = check_remote(*caller_, context); !checked) {
      return fail(fetch_error(subject, std::move(checked).error()));
    }
    return fail(RevisionBackendError(NotFound{subject}));
  }
  if (response->status != 200) {
    return fail(fetch_error(subject, detail::status_error(*response, caller_->endpoint())));
  }
  const auto revision = revision_of(*response);
  if (!revision) {
    return fail(RevisionBackendError(
        FetchFailed{
            subject,
            caller_->endpoint().text() +
                " answers without a revision in ETag; this is no register: check the address"},
        ErrorCode::not_a_remote));
  }
  cache_.store(subject, *revision);
  return Head{*revision, sequence_of(*response)};
}

RemoteResult<Head> RestBackend::do_swap(const Subject& subject, const Revision& expected,
                                        const Revision& desired, const Context& context) {
  const Context until = caller_->bounded(context);
  HttpRequest request = caller_->request("PUT", caller_->endpoint().subject_url(subject));
  request.headers.add("If-Match", wire::print_etag(expected));
  request.headers.add("Content-Type", std::string(wire::kJsonMediaType));
  request.body = wire::print_swap({subject.did(), subject.did(), desired, expected});
  auto response = caller_->send(request, kAnswerBytesMax, until, Repeat::unless_received);
  if (response) return judge_swap(subject, expected, desired, *response, until);
  HttpFailure failure = std::move(response).error();
  if (failure.may_have_been_received)
    return fail(indeterminate(subject, std::move(failure.error.message)));
  return fail(publish_error(subject, std::move(failure.error)));
}

RemoteResult<Head> RestBackend::judge_swap(const Subject& subject, const Revision& expected,
                                           const Revision& desired, const HttpResponse& response,
                                           const Context& context) {
  const bool accepted = response.status >= 200 && response.status < 300;
  if (accepted || response.status == 412) {
    const auto shown = shown_by(response, accepted);
    // A refusal that shows the desired revision is the answer to a swap whose first answer was
    // lost.
    if (shown && shown->revision == desired) {
      cache_.store(subject, desired);
      return *shown;
    }
    if (!shown || accepted || shown->revision == expected) {
      return judge_unnamed(subject, expected, desired, !accepted, context);
    }
    cache_.store(subject, shown->revision);
    return fail(RevisionBackendError(RevisionMismatch{subject, expected, shown->revision}));
  }
  if (response.status == 404 && (!expected.is_zero() || wire::parse_error(response.body))) {
    cache_.forget(subject);
    return fail(RevisionBackendError(NotFound{subject}));
  }
  Error error = detail::status_error(response, caller_->endpoint());
  if (response.status == 404) {
    error =
        Error{ErrorCode::not_a_remote,
              error.message + ", although a first revision was to be published; check the address",
              {}};
  }
  if (leaves_open(response)) return fail(indeterminate(subject, std::move(error.message)));
  return fail(publish_error(subject, std::move(error)));
}

// For an answer that does not tell what the register holds now, or contradicts itself: only a look
// can tell.
RemoteResult<Head> RestBackend::judge_unnamed(const Subject& subject, const Revision& expected,
                                              const Revision& desired, bool refused,
                                              const Context& context) {
  auto head = fetch_until(subject, context);
  if (head && head->revision == desired) return head;
  if (!refused) {
    // Accepted, by the status; but the register shows something else, or nothing.
    if (!head && head.error().code() == ErrorCode::not_a_remote) {
      return fail(RevisionBackendError(PublishFailed{subject, head.error().message(), false},
                                       ErrorCode::not_a_remote));
    }
    return fail(indeterminate(
        subject, caller_->endpoint().text() + " accepted, but does not show the revision"));
  }
  if (!head) {
    if (head.error().as<NotFound>() != nullptr) return fail(std::move(head).error());
    return fail(RevisionBackendError(
        PublishFailed{
            subject, "refused, and what is there cannot be seen: " + head.error().message(), false},
        head.error().code()));
  }
  if (head->revision == expected) {
    return fail(RevisionBackendError(PublishFailed{
        subject, "refused, although the register shows the expected revision again", false}));
  }
  return fail(RevisionBackendError(RevisionMismatch{subject, expected, head->revision}));
}

RemoteResult<std::optional<HeadHistory>> RestBackend::do_history(const Subject& subject,
                                                                 std::uint64_t after,
                                                                 const Context& context) {
  const Context until = caller_->bounded(context);
  HeadHistory history;
  std::uint64_t position = after;
  std::size_t received = 0;
  for (int pages = 0; pages < kHistoryPagesMax && received < kHistoryBytesMax; ++pages) {
    const std::string query = wire::print_log_query({position, wire::kLogRecordsMax});
    const HttpRequest request =
        caller_->request("GET", caller_->endpoint().log_url(subject, query));
    auto response = caller_->send(request, kHistoryBytesMax, until, Repeat::always);
    if (!response) return fail(fetch_error(subject, std::move(response).error().error));
    if (response->status == 404 && wire::parse_error(response->body)) return history;
    Error error = detail::status_error(*response, caller_->endpoint());
    if (response->status == 404 ||
        (response->status != 200 && error.code == ErrorCode::not_a_remote)) {
      return std::nullopt;
    }
    if (response->status != 200) return fail(fetch_error(subject, std::move(error)));
    received += response->body.size();
    auto page = wire::parse_history(response->body, wire::kLogRecordsMax);
    if (!page) return std::nullopt;
    if (page->records.empty()) {
      history.complete = history.complete && page->complete;
      return history;
    }
    if (page->records.front().sequence <= position) return std::nullopt;
    // A gap at the beginning: older records are gone, and the rest does not bring them back.
    history.complete = history.complete && page->records.front().sequence == position + 1;
    position = page->records.back().sequence;
    std::move(page->records.begin(), page->records.end(), std::back_inserter(history.records));
    if (page->complete) return history;
  }
  history.complete = false;
  return history;
}

std::unique_ptr<RevisionBackend> RestBackend::do_clone() const {
  return std::make_unique<RestBackend>(*this);
}

Result<std::optional<wire::Capabilities>> fetch_capabilities(const RestBackendConfig& config,
                                                             HttpTransport transport,
                                                             const Context& context) {
  DIALOG_ASSIGN(const auto caller, detail::RestCaller::create(config, std::move(transport)));
  return ask_capabilities(*caller, caller->bounded(context));
}

}  // namespace dialog
