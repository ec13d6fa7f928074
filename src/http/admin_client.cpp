#include "dialog/http/admin_client.hpp"

#include <utility>

#include "dialog/http/wire.hpp"
#include "rest_caller.hpp"

namespace dialog {
namespace {

constexpr std::size_t kAdminBytesMax = std::size_t{64} * 1024;
// A DID and an author, each maybe escaped, and numbers.
constexpr std::size_t kEntryBytesMax = std::size_t{40} * 1024;

}  // namespace

Result<AdminClient> AdminClient::create(const RestBackendConfig& config, HttpTransport transport) {
  DIALOG_ASSIGN(auto caller, detail::RestCaller::create(config, std::move(transport)));
  return AdminClient(std::move(caller));
}

Result<HttpResponse> AdminClient::send(const HttpRequest& request, std::size_t answer_bytes_max,
                                       const Context& context) {
  auto response =
      caller_->send(request, answer_bytes_max, caller_->bounded(context), Repeat::always);
  if (response) return *std::move(response);
  Error error = std::move(response).error().error;
  if (error.code == ErrorCode::malformed) error.code = ErrorCode::not_a_remote;
  return fail(error.within(caller_->endpoint().text()));
}

Result<ServerStore::Page> AdminClient::list(const std::optional<Hash>& after, std::size_t limit,
                                            const Context& context) {
  const std::string query = wire::print_subjects_query({after, limit});
  const Endpoint& endpoint = caller_->endpoint();
  DIALOG_ASSIGN(const HttpResponse response,
                send(caller_->request("GET", endpoint.subjects_url(query)),
                     kAdminBytesMax + limit * kEntryBytesMax, context));
  if (response.status != 200) return fail(detail::status_error(response, endpoint));
  return wire::parse_subjects(response.body, limit);
}

Result<wire::UsageMessage> AdminClient::usage(const Subject& subject, const Context& context) {
  const Endpoint& endpoint = caller_->endpoint();
  DIALOG_ASSIGN(const HttpResponse response,
                send(caller_->request("GET", endpoint.subject_url(subject) + "/usage"),
                     kAdminBytesMax, context));
  if (response.status != 200) return fail(detail::status_error(response, endpoint));
  return wire::parse_usage(response.body);
}

Result<bool> AdminClient::remove(const Subject& subject, const Context& context) {
  const Endpoint& endpoint = caller_->endpoint();
  DIALOG_ASSIGN(
      const HttpResponse response,
      send(caller_->request("DELETE", endpoint.subject_url(subject)), kAdminBytesMax, context));
  if (response.status == 204) return true;
  Error error = detail::status_error(response, endpoint);
  // Only one of this protocol's servers knows that there is nothing.
  if (response.status == 404 && wire::parse_error(response.body)) return false;
  return fail(std::move(error));
}

Result<void> AdminClient::set_quota(const Subject& subject, const std::optional<Quota>& quota,
                                    const Context& context) {
  const Endpoint& endpoint = caller_->endpoint();
  const std::string url = endpoint.subject_url(subject) + "/quota";
  HttpRequest request = caller_->request(quota ? "PUT" : "DELETE", url);
  if (quota) {
    request.headers.add("Content-Type", std::string(wire::kJsonMediaType));
    request.body = wire::print_quota(*quota);
  }
  DIALOG_ASSIGN(const HttpResponse response, send(request, kAdminBytesMax, context));
  if (response.status == 204) return {};
  return fail(detail::status_error(response, endpoint));
}

}  // namespace dialog
