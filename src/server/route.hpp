#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog::server {

enum class Resource : std::uint8_t {
  server,
  capabilities,
  description,
  health,
  subjects,
  readiness,
  metrics,
  head,
  log,
  revocations,
  watch,
  block,
  blocks_get,
  blocks_put,
  blocks_has,
  usage,
  quota
};
inline constexpr std::size_t kResources = static_cast<std::size_t>(Resource::quota) + 1;

/// A fixed word, for logs and metrics.
std::string_view name_of(Resource resource);

/// What a request target names.
struct Route {
  Resource resource = Resource::server;
  std::optional<Subject> subject;  ///< of every resource from `head` on
  Hash block;                      ///< of `Resource::block`
  std::string_view query;          ///< without the question mark; valid as long as the target
};

/// A request target without the scheme and authority that its absolute form, meant for proxies,
/// has.
std::string_view origin_form(std::string_view target);

/// `not_found` where nothing of this protocol can be there, `invalid_argument` or `malformed` where
/// a subject or hash is written wrong. `prefix` is empty, or starts with a slash and ends without
/// one. `likely`, if not null, is most likely the subject, and then need not be parsed.
Result<Route> parse_route(std::string_view target, std::string_view prefix,
                          const Subject* likely = nullptr);

/// The path of a resource below the prefix of the endpoint (`health`: below the root), as
/// docs/protocol/openapi.json spells it; `*` for the server as such. Empty where the number is none
/// of a resource.
std::string_view path_template(Resource resource);

/// The methods that a resource answers, as the `Allow` field lists them.
std::string_view allowed_methods(Resource resource);

/// True where `method` is among them. Methods are case-sensitive.
bool is_allowed(Resource resource, std::string_view method);

}  // namespace dialog::server
