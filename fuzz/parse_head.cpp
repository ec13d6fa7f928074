#include "parse_head.hpp"

#include <boost/asio/buffer.hpp>
#include <string>

namespace dialog::server {

bool parse_head(HeadParser& parser, std::string_view head) {
  // The scanner judged the head's size, and the length of the body is judged later.
  parser.header_limit(static_cast<std::uint32_t>(head.size()) + 1);
  parser.body_limit(boost::none);
  boost::system::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(head), error);
  const bool understood = !error || error == boost::beast::http::error::need_more;
  return understood && parser.is_header_done() && used == head.size();
}

HttpRequest request_of(const HeadParser& parser) {
  const auto& message = parser.get();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  return request;
}

}  // namespace dialog::server
