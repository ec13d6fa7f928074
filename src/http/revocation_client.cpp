#include "dialog/http/revocation_client.hpp"

#include <utility>

#include "dialog/http/wire.hpp"
#include "rest_caller.hpp"

namespace dialog {
namespace {

constexpr std::size_t kRevocationsBytesMax = std::size_t{256} * 1024;

Result<HttpResponse> exchange(const detail::RestCaller& caller, const HttpRequest& request,
                              const Context& context) {
  auto response =
      caller.send(request, kRevocationsBytesMax, caller.bounded(context), Repeat::always);
  if (!response) {
    Error error = std::move(response).error().error;
    if (error.code == ErrorCode::malformed || error.code == ErrorCode::too_large)
      error.code = ErrorCode::not_a_remote;
    return fail(error.within(caller.endpoint().text()));
  }
  if (response->status == 200) return *std::move(response);
  Error error = detail::status_error(*response, caller.endpoint());
  const auto said = wire::parse_error(response->body);
  if (response->status == 501 && said) error.code = ErrorCode::unsupported;
  if (response->status == 429 && said) error.code = said->code;
  // An older server of this protocol knows no such path.
  if (response->status == 404) error.code = ErrorCode::unsupported;
  return fail(std::move(error));
}

tl::unexpected<Error> foreign(const detail::RestCaller& caller) {
  return fail(ErrorCode::not_a_remote, caller.endpoint().text() +
                                           " answers, but not as a remote that keeps revocations; "
                                           "check the address");
}

}  // namespace

Result<Revocation> revoke(const RestBackendConfig& config, HttpTransport transport,
                          const Subject& subject, const wire::RevokeMessage& message,
                          const Context& context) {
  DIALOG_ASSIGN(const auto caller, detail::RestCaller::create(config, std::move(transport)));
  HttpRequest request = caller->request("POST", caller->endpoint().revocations_url(subject));
  request.headers.add("Content-Type", std::string(wire::kJsonMediaType));
  request.body = wire::print_revoke(message);
  DIALOG_ASSIGN(const HttpResponse response, exchange(*caller, request, context));
  const auto revocation = wire::parse_revocation(response.body);
  if (!revocation) return foreign(*caller);
  return *revocation;
}

Result<std::vector<Revocation>> fetch_revocations(const RestBackendConfig& config,
                                                  HttpTransport transport, const Subject& subject,
                                                  const Context& context) {
  DIALOG_ASSIGN(const auto caller, detail::RestCaller::create(config, std::move(transport)));
  const HttpRequest request = caller->request("GET", caller->endpoint().revocations_url(subject));
  DIALOG_ASSIGN(const HttpResponse response, exchange(*caller, request, context));
  auto revocations = wire::parse_revocation_list(response.body);
  if (!revocations) return foreign(*caller);
  return revocations;
}

}  // namespace dialog
