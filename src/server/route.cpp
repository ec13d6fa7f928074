#include "route.hpp"

#include <array>
#include <utility>

#include "dialog/http/url.hpp"

namespace dialog::server {
namespace {

constexpr std::array<std::pair<std::string_view, Resource>, 3> kOwnPages{
    {{"/healthz", Resource::health},
     {"/readyz", Resource::readiness},
     {"/metrics", Resource::metrics}}};

tl::unexpected<Error> no_such_path() {
  return fail(ErrorCode::not_found,
              "this server has nothing under that path; is the endpoint's prefix right?");
}

Result<Route> under_blocks(std::string_view name, Route route) {
  if (name == "get") {
    route.resource = Resource::blocks_get;
  } else if (name == "put") {
    route.resource = Resource::blocks_put;
  } else if (name == "has") {
    route.resource = Resource::blocks_has;
  } else if (name.find('/') != std::string_view::npos) {
    return no_such_path();
  } else {
    const auto hash = Hash::from_hex(name);
    if (!hash)
      return fail(ErrorCode::invalid_argument, "a block is named by the 64 hex digits of its hash");
    route.resource = Resource::block;
    route.block = *hash;
  }
  return route;
}

// What of a subject stands behind its DID; absent where it is nothing, or blocks.
std::optional<Resource> part_named(std::string_view rest) {
  if (rest.empty()) return Resource::head;
  if (rest == "/log") return Resource::log;
  if (rest == "/revocations") return Resource::revocations;
  if (rest == "/watch") return Resource::watch;
  if (rest == "/usage") return Resource::usage;
  if (rest == "/quota") return Resource::quota;
  return {};
}

}  // namespace

std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme :
       {std::string_view("http://"), std::string_view("https://")}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos || target[path] == '?' ? "/" : target.substr(path);
  }
  return target;
}

std::string_view name_of(Resource resource) {
  switch (resource) {
    case Resource::server:
      return "server";
    case Resource::capabilities:
      return "capabilities";
    case Resource::description:
      return "description";
    case Resource::health:
      return "health";
    case Resource::subjects:
      return "subjects";
    case Resource::readiness:
      return "readiness";
    case Resource::metrics:
      return "metrics";
    case Resource::head:
      return "register";
    case Resource::log:
      return "log";
    case Resource::revocations:
      return "revocations";
    case Resource::watch:
      return "watch";
    case Resource::block:
      return "block";
    case Resource::blocks_get:
      return "blocks_get";
    case Resource::blocks_put:
      return "blocks_put";
    case Resource::blocks_has:
      return "blocks_has";
    case Resource::usage:
      return "usage";
    case Resource::quota:
      return "quota";
  }
  return "server";
}

Result<Route> parse_route(std::string_view target, std::string_view prefix, const Subject* likely) {
  Route route;
  if (target == "*") return route;
  std::string_view path = origin_form(target);
  if (const std::size_t question = path.find('?'); question != std::string_view::npos) {
    route.query = path.substr(question + 1);
    path = path.substr(0, question);
  }
  // Of the server itself, whatever prefix its subjects have.
  for (const auto& [name, resource] : kOwnPages) {
    if (path != name) continue;
    route.resource = resource;
    return route;
  }
  if (!path.starts_with(prefix)) return no_such_path();
  path.remove_prefix(prefix.size());
  if (path.empty() || path == "/") {
    route.resource = Resource::capabilities;
    return route;
  }
  if (path.front() != '/') return no_such_path();
  path.remove_prefix(1);
  if (path == "openapi.json") {
    route.resource = Resource::description;
    return route;
  }

  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  const std::string_view rest = slash == std::string_view::npos ? "" : path.substr(slash);
  constexpr std::string_view kBlocks = "/blocks/";
  // No DID is written like this.
  if (segment == "subjects" && rest.empty()) {
    route.resource = Resource::subjects;
    return route;
  }
  const auto part = part_named(rest);
  if (!part && !rest.starts_with(kBlocks)) return no_such_path();
  // Somebody who looks for another program's page is told so, rather than that the page is no DID.
  if (!segment.starts_with("did:") && segment.find('%') == std::string_view::npos)
    return no_such_path();
  if (likely != nullptr && likely->did() == segment) {
    route.subject = *likely;
  } else {
    DIALOG_ASSIGN(route.subject, wire::parse_subject_segment(segment));
  }
  if (!part) return under_blocks(rest.substr(kBlocks.size()), std::move(route));
  route.resource = *part;
  return route;
}

std::string_view path_template(Resource resource) {
  switch (resource) {
    case Resource::server:
      return "*";
    case Resource::capabilities:
      return "/";
    case Resource::description:
      return "/openapi.json";
    case Resource::health:
      return "/healthz";
    case Resource::subjects:
      return "/subjects";
    case Resource::readiness:
      return "/readyz";
    case Resource::metrics:
      return "/metrics";
    case Resource::head:
      return "/{did}";
    case Resource::log:
      return "/{did}/log";
    case Resource::revocations:
      return "/{did}/revocations";
    case Resource::watch:
      return "/{did}/watch";
    case Resource::block:
      return "/{did}/blocks/{hash}";
    case Resource::blocks_get:
      return "/{did}/blocks/get";
    case Resource::blocks_put:
      return "/{did}/blocks/put";
    case Resource::blocks_has:
      return "/{did}/blocks/has";
    case Resource::usage:
      return "/{did}/usage";
    case Resource::quota:
      return "/{did}/quota";
  }
  return {};
}

std::string_view allowed_methods(Resource resource) {
  switch (resource) {
    case Resource::server:
      return "OPTIONS";
    case Resource::capabilities:
    case Resource::description:
    case Resource::health:
    case Resource::readiness:
    case Resource::metrics:
    case Resource::log:
    case Resource::subjects:
    case Resource::usage:
      return "GET, HEAD, OPTIONS";
    case Resource::revocations:
      return "GET, HEAD, POST, OPTIONS";
    case Resource::watch:
      return "GET, OPTIONS";
    case Resource::head:
      return "GET, HEAD, PUT, DELETE, OPTIONS";
    case Resource::block:
      return "GET, HEAD, PUT, OPTIONS";
    case Resource::quota:
      return "PUT, DELETE, OPTIONS";
    case Resource::blocks_get:
    case Resource::blocks_put:
    case Resource::blocks_has:
      return "POST, OPTIONS";
  }
  return "OPTIONS";
}

bool is_allowed(Resource resource, std::string_view method) {
  std::string_view list = allowed_methods(resource);
  while (!list.empty()) {
    const std::size_t comma = list.find(", ");
    if (list.substr(0, comma) == method) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 2);
  }
  return false;
}

}  // namespace dialog::server
