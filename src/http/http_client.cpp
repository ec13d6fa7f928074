#include "dialog/http/http_client.hpp"

namespace dialog {

Result<HttpResponse, HttpFailure> HttpClient::stream(const HttpRequest& request,
                                                     const HttpStream& stream,
                                                     const Context& context) {
  constexpr std::size_t kStreamBytesMax = std::size_t{16} * 1024 * 1024;
  auto response = send(request, kStreamBytesMax, context);
  if (response && response->status == 200) {
    stream.on_piece(response->body);
    response->body.clear();
  }
  return response;
}

}  // namespace dialog
