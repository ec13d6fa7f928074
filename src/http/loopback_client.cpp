#include "dialog/http/loopback_client.hpp"

#include <algorithm>

namespace dialog {

Result<HttpResponse, HttpFailure> LoopbackHttpClient::send(const HttpRequest& request,
                                                           std::size_t response_bytes_max,
                                                           const Context& context) {
  if (auto wanted = check_context(context, clock_); !wanted) {
    return fail(HttpFailure{std::move(wanted).error(), false});
  }
  HttpRequest served = request;
  const std::size_t authority = request.target.find("://");
  if (authority != std::string::npos) {
    const std::size_t path =
        std::min(request.target.find('/', authority + 3), request.target.size());
    served.target = path == request.target.size() ? "/" : request.target.substr(path);
    served.headers.set("Host", request.target.substr(authority + 3, path - authority - 3));
  }
  if (!served.body.empty() || served.method == "PUT" || served.method == "POST") {
    served.headers.set("Content-Length", std::to_string(served.body.size()));
  }
  HttpResponse response = handler_(served);
  if (served.method == "HEAD") response.body.clear();
  if (response.body.size() > response_bytes_max) {
    return fail(
        HttpFailure{Error{ErrorCode::too_large,
                          "the response exceeds " + std::to_string(response_bytes_max) + " bytes",
                          {}},
                    true});
  }
  response.traffic = spelled_traffic(served, response);
  return response;
}

}  // namespace dialog
