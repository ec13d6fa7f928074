#include "description.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <regex>
#include <stdexcept>

#include "route.hpp"

namespace dialog::test {
namespace {

using nlohmann::json;

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_of_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  throw std::runtime_error("a type that this test does not know: " + type);
}

// The keywords of one schema, but for those that lead to other schemas.
bool obeys(const std::string& keyword, const json& wanted, const json& value) {
  if (keyword == "type") {
    const json types = wanted.is_array() ? wanted : json::array({wanted});
    return std::any_of(types.begin(), types.end(),
                       [&](const json& type) { return is_of_type(value, type); });
  }
  if (keyword == "const") return value == wanted;
  if (keyword == "enum") return std::find(wanted.begin(), wanted.end(), value) != wanted.end();
  if (keyword == "pattern") {
    return !value.is_string() ||
           std::regex_search(value.get<std::string>(), std::regex(wanted.get<std::string>()));
  }
  if (keyword == "minimum") return !value.is_number() || value >= wanted;
  if (keyword == "maxLength")
    return !value.is_string() || value.get<std::string>().size() <= wanted.get<std::size_t>();
  if (keyword == "required") {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const json& name) { return value.contains(name.get<std::string>()); });
  }
  static const std::set<std::string> kNoConstraints{"description", "format", "default"};
  if (!kNoConstraints.contains(keyword))
    throw std::runtime_error("a keyword that this test does not know: " + keyword);
  return true;
}

}  // namespace

Description::Description() {
  std::ifstream file(DIALOG_OPENAPI_DOCUMENT);
  document_ = json::parse(file);
}

const json& Description::resolved(const json& node) const {
  const json* at = &node;
  while (at->is_object() && at->contains("$ref"))
    at = &document_.at(json::json_pointer(at->at("$ref").get<std::string>().substr(1)));
  return *at;
}

std::string Description::fault_of_value(const json& unresolved, const json& value,
                                        const std::string& where) const {
  const json& schema = resolved(unresolved);
  for (const auto& [keyword, wanted] : schema.items()) {
    if (keyword == "items" && value.is_array()) {
      for (const json& item : value) {
        if (auto fault = fault_of_value(wanted, item, where + "[]"); !fault.empty()) return fault;
      }
    } else if (keyword == "properties" && value.is_object()) {
      for (const auto& [name, member] : wanted.items()) {
        if (!value.contains(name)) continue;
        auto fault = fault_of_value(member, value.at(name), where + "." + name);
        if (!fault.empty()) return fault;
      }
    } else if (keyword != "items" && keyword != "properties" && !obeys(keyword, wanted, value)) {
      return where + " breaks " + keyword + " " + wanted.dump() + ": " + value.dump();
    }
  }
  return {};
}

std::string Description::fault_of_body(const json& described, const HttpResponse& response) const {
  if (!described.contains("content"))
    return response.body.empty() ? "" : "a body that is not described";
  const std::string* type = response.headers.find("Content-Type");
  if (type == nullptr || !described.at("content").contains(*type))
    return "the type of the body is not described: " + (type == nullptr ? "none" : *type);
  const json& schema = described.at("content").at(*type).at("schema");
  if (*type != "application/json") return {};
  const json body = json::parse(response.body, nullptr, false);
  return body.is_discarded() ? "the body is no JSON" : fault_of_value(schema, body, "body");
}

std::string Description::fault_of_answer(const json& described, const HttpRequest& request,
                                         const HttpResponse& response) const {
  if (described.contains("headers")) {
    for (const auto& [name, unresolved] : described.at("headers").items()) {
      const json& header = resolved(unresolved);
      const std::string* value = response.headers.find(name);
      if (value == nullptr) {
        if (header.value("required", false)) return "there is no " + name;
        continue;
      }
      auto fault = fault_of_value(header.at("schema"), *value, name);
      if (!fault.empty()) return fault;
    }
  }
  return request.method == "HEAD" ? "" : fault_of_body(described, response);
}

std::string Description::fault_of(const HttpRequest& request, const HttpResponse& response,
                                  std::string_view path_prefix) const {
  const auto fault = [&](const std::string& what) {
    return what.empty() ? ""
                        : request.method + " " + request.target.substr(0, 200) + " -> " +
                              std::to_string(response.status) + ": " + what;
  };
  const auto& components = document_.at("components").at("responses");
  const auto route = server::parse_route(request.target, path_prefix);
  if (!route || !server::is_allowed(route->resource, request.method)) {
    // What no path of the description stands for. Only the form of the refusal can be checked.
    return fault(fault_of_answer(components.at("BadRequest"), request, response));
  }
  const std::string path(server::path_template(route->resource));
  if (path == "*") return {};  // about the whole server: no path can say it
  const json& paths = document_.at("paths");
  const std::string method = in_lower_case(request.method);
  if (!paths.contains(path) || !paths.at(path).contains(method))
    return fault("the operation is not described");
  const json& answers = paths.at(path).at(method).at("responses");
  const std::string status = std::to_string(response.status);
  if (!answers.contains(status)) return fault("the status is not described");
  return fault(fault_of_answer(resolved(answers.at(status)), request, response));
}

const Description& description() {
  static const Description instance;
  return instance;
}

}  // namespace dialog::test
