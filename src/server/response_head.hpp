#pragma once

#include <string>

#include "dialog/http/message.hpp"

namespace dialog::server {

/// Status line and fields of a response, as far as `X-Request-Id: `, whose value and what comes
/// after it are the connection's. One that `is_streamed` has no length.
void append_response_head(std::string& out, const HttpResponse& response, bool is_streamed);

}  // namespace dialog::server
