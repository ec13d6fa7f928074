#include "dialog/remote/backend_error.hpp"

namespace dialog {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

ErrorCode RevisionBackendError::default_code(const Variant& kind) {
  return std::visit(Overloaded{[](const Unauthorized&) { return ErrorCode::unauthorized; },
                               [](const RevisionMismatch&) { return ErrorCode::conflict; },
                               [](const FetchFailed&) { return ErrorCode::unavailable; },
                               [](const PublishFailed& e) {
                                 return e.indeterminate ? ErrorCode::indeterminate
                                                        : ErrorCode::unavailable;
                               },
                               [](const ProviderError&) { return ErrorCode::storage_failed; },
                               [](const NotFound&) { return ErrorCode::not_found; }},
                    kind);
}

const Subject& RevisionBackendError::subject() const {
  return std::visit([](const auto& e) -> const Subject& { return e.subject; }, kind_);
}

std::string RevisionBackendError::message() const {
  const std::string what = std::visit(
      Overloaded{
          [](const Unauthorized& e) { return "access denied: " + e.reason; },
          [](const RevisionMismatch& e) {
            return "another writer updated first: expected " + e.expected.hex() + ", found " +
                   e.actual.hex() + "; fetch, merge and swap again";
          },
          [](const FetchFailed& e) { return "the revision could not be fetched: " + e.reason; },
          [](const PublishFailed& e) {
            return "the revision could not be published: " + e.reason +
                   (e.indeterminate ? "; it may have been accepted: fetch before anything else"
                                    : "");
          },
          [](const ProviderError& e) { return "the provider failed: " + e.reason; },
          [](const NotFound&) { return std::string("nothing was ever published"); }},
      kind_);
  return subject().did() + ": " + what;
}

}  // namespace dialog
