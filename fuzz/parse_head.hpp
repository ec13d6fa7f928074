#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <string_view>

#include "dialog/http/message.hpp"

/// What another reader of HTTP takes a head for.
namespace dialog::server {

using HeadParser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

/// Reads a head that `HeadScanner` found complete. False where the parser does not take exactly
/// these bytes for one.
[[nodiscard]] bool parse_head(HeadParser& parser, std::string_view head);

/// Method, target and fields.
[[nodiscard]] HttpRequest request_of(const HeadParser& parser);

}  // namespace dialog::server
