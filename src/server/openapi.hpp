#pragma once

#include <string_view>

namespace dialog::server {

/// docs/protocol/openapi.json.
extern const std::string_view kOpenApi;

}  // namespace dialog::server
