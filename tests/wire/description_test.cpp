#include "description.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "protocol_fixture.hpp"
#include "route.hpp"

namespace dialog::test {
namespace {

using nlohmann::json;
using Operations = std::set<std::pair<std::string, std::string>>;

std::vector<server::Resource> all_resources() {
  std::vector<server::Resource> all;
  for (int i = 0; !server::path_template(static_cast<server::Resource>(i)).empty(); ++i)
    all.push_back(static_cast<server::Resource>(i));
  return all;
}

Operations served_operations() {
  Operations operations;
  for (const server::Resource resource : all_resources()) {
    const std::string path(server::path_template(resource));
    if (path == "*") continue;
    for (const char* method : {"get", "head", "put", "post", "delete", "patch", "options"}) {
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      if (server::is_allowed(resource, upper)) operations.emplace(path, method);
    }
  }
  return operations;
}

Operations described_operations() {
  Operations operations;
  for (const auto& [path, item] : description().document().at("paths").items()) {
    for (const auto& [name, operation] : item.items()) {
      if (name != "parameters" && name != "servers") operations.emplace(path, name);
    }
  }
  return operations;
}

void for_each_node(const json& node, const std::function<void(const json&)>& visit) {
  visit(node);
  for (const json& child : node) {
    if (child.is_structured()) for_each_node(child, visit);
  }
}

class DescriptionProtocol : public ProtocolTest {};
INSTANTIATE_TEST_SUITE_P(Memory, DescriptionProtocol,
                         over<MemoryServerStoreFixture>(kAllTransports), transport_name);

TEST_P(DescriptionProtocol, is_served_as_it_stands_in_the_documentation) {
  const auto response = send("GET", "/openapi.json");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(field(response, "Content-Type"), "application/json");
  EXPECT_EQ(json::parse(response.body), description().document());
}

TEST_P(DescriptionProtocol, is_served_below_the_prefix_and_without_a_token) {
  configure({.path_prefix = "/api"});
  set_tokens("");
  EXPECT_EQ(send("GET", "/api/openapi.json").status, 200);
  EXPECT_EQ(send("HEAD", "/api/openapi.json").status, 200);
  EXPECT_EQ(send("GET", "/openapi.json").status, 404);
}

TEST(Description, has_the_operations_that_the_server_has) {
  EXPECT_EQ(described_operations(), served_operations());
}

TEST(Description, names_each_operation_once) {
  std::set<std::string> names;
  for (const auto& [path, method] : described_operations()) {
    const json& operation = description().document().at("paths").at(path).at(method);
    EXPECT_TRUE(names.insert(operation.at("operationId")).second) << path << " " << method;
    EXPECT_FALSE(operation.at("responses").empty()) << path << " " << method;
  }
}

TEST(Description, refers_to_what_is_there) {
  std::set<std::string> used;
  for_each_node(description().document(), [&](const json& node) {
    if (!node.is_object() || !node.contains("$ref")) return;
    EXPECT_NO_THROW(static_cast<void>(description().resolved(node))) << node;
    used.insert(node.at("$ref"));
  });
  for (const auto& [kind, components] : description().document().at("components").items()) {
    if (kind == "securitySchemes") continue;
    for (const auto& [name, component] : components.items())
      EXPECT_TRUE(used.contains("#/components/" + kind + "/" + name)) << name << " is not used";
  }
}

TEST(Description, declares_the_parameters_of_each_path) {
  for (const auto& [path, item] : description().document().at("paths").items()) {
    const auto wanted = std::count(path.begin(), path.end(), '{');
    std::ptrdiff_t declared = 0;
    if (item.contains("parameters")) {
      for (const json& unresolved : item.at("parameters")) {
        const json& parameter = description().resolved(unresolved);
        EXPECT_EQ(parameter.at("in"), "path");
        EXPECT_NE(path.find("{" + parameter.at("name").get<std::string>() + "}"), path.npos);
        ++declared;
      }
    }
    EXPECT_EQ(declared, wanted) << path;
  }
}

// What every test of the protocol relies on.
TEST(Description, tells_an_exchange_that_it_does_not_describe) {
  const auto request = make_request("HEAD", "/" + kDid);
  HttpResponse response;
  response.status = 200;
  response.headers.add("Date", "now");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Dialog-Sequence", "1");
  const auto fault = [&] { return description().fault_of(request, response, ""); };
  EXPECT_NE(fault().find("there is no ETag"), std::string::npos) << fault();
  response.headers.add("ETag", "W/\"" + kZero + "\"");
  EXPECT_NE(fault().find("ETag breaks pattern"), std::string::npos) << fault();
  response.headers = {};
  response.status = 302;
  EXPECT_NE(fault().find("the status is not described"), std::string::npos) << fault();
}

TEST(Description, tells_a_body_that_it_does_not_describe) {
  const auto request = make_request("GET", "/" + kDid + "/log");
  HttpResponse response;
  response.status = 200;
  response.headers.add("Date", "now");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Content-Type", "application/json");
  const auto fault = [&](const std::string& body) {
    response.body = body;
    return description().fault_of(request, response, "");
  };
  EXPECT_EQ(fault(R"({"records":[],"complete":true})"), "");
  EXPECT_NE(fault(R"({"records":[]})"), "");
  EXPECT_NE(fault(R"({"records":{},"complete":true})"), "");
  EXPECT_NE(fault(R"({"records":[{"revision":"1"}],"complete":true})"), "");
  EXPECT_NE(fault("[]"), "");
  EXPECT_NE(fault("no JSON"), "");
}

}  // namespace
}  // namespace dialog::test
