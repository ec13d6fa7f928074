#pragma once

#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/store_memory_fixture.hpp"
#include "description.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/server.hpp"
#include "dialog/server/service.hpp"
#include "process/proxy.hpp"
#include "raw_client.hpp"

namespace dialog::test {

inline const std::string kDid = "did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi";
inline const std::string kOtherDid = "did:web:example.com%3A8443";

inline Revision revision(char byte) {
  return Revision(*Hash::from_bytes(std::string(Hash::kSize, byte)));
}
inline std::string hex(char byte) { return revision(byte).hex(); }
inline const std::string kZero = Revision().hex();

using Fields = std::initializer_list<std::pair<std::string, std::string>>;

inline HttpRequest make_request(std::string method, std::string target, Fields fields = {},
                                Bytes body = {}) {
  HttpRequest request{std::move(method), std::move(target), {}, std::move(body)};
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return request;
}

/// The body of a PUT in the shape of the contract.
inline std::string swap_body(const std::string& did, const std::string& desired) {
  return R"({"iss":")" + did + R"(","sub":")" + did +
         R"(","cmd":"/state/assert","args":{"revision":")" + desired + R"("}})";
}

inline std::string field(const HttpResponse& response, std::string_view name) {
  const std::string* value = response.headers.find(name);
  return value == nullptr ? "(none)" : *value;
}

enum class Transport { in_process, socket, nginx };

/// How the requests of a test come to the server, and what that stands on.
struct ProtocolSetting {
  Transport transport;
  Factory<ServerStoreFixture> store;
};

/// Runs a test of the protocol against the service itself, through a socket, and through nginx
/// before that.
class ProtocolTest : public testing::TestWithParam<ProtocolSetting> {
 protected:
  /// Before the first request.
  void configure(server::ServiceConfig config) {
    path_prefix_ = config.path_prefix;
    while (path_prefix_.ends_with('/')) path_prefix_.pop_back();
    service_ = make_service(std::move(config));
  }
  server::Service& service() { return *service_; }
  void set_tokens(std::string_view lines) {
    auto tokens = server::TokenSet::parse(lines);
    ASSERT_TRUE(tokens.has_value()) << tokens.error().message;
    service_->set_tokens(std::make_shared<const server::TokenSet>(*std::move(tokens)));
  }

  /// Each exchange must be one that the description knows.
  HttpResponse send(const HttpRequest& request) {
    HttpResponse response = exchange(request);
    EXPECT_EQ(description().fault_of(request, response, path_prefix_), "");
    return response;
  }
  HttpResponse send(std::string method, std::string target, Fields fields = {}, Bytes body = {}) {
    return send(make_request(std::move(method), std::move(target), fields, std::move(body)));
  }
  HttpResponse put(const std::string& expected, const std::string& desired,
                   const std::string& did = kDid) {
    return send("PUT", "/" + did, {{"If-Match", expected}, {"Content-Type", "application/json"}},
                swap_body(did, desired));
  }

  ManualClock clock_;

 private:
  std::unique_ptr<ServerStoreFixture> stores_ = GetParam().store.make();

 protected:
  ServerStore& store_ = stores_->store();

 private:
  HttpResponse exchange(const HttpRequest& request) {
    if (GetParam().transport == Transport::in_process) return service_->handle(request);
    if (!client_) {
      server_ = std::make_unique<server::Server>(*service_, server::ServerConfig{}, log_);
      EXPECT_TRUE(server_->start().has_value());
      if (GetParam().transport == Transport::nginx)
        proxy_ = std::make_unique<Proxy>(server_->port());
      connect();
    }
    HttpResponse response = client_->exchange(request);
    // A refused body ends its connection.
    if (field(response, "Connection") == "close") connect();
    return response;
  }

  void connect() {
    client_ = std::make_unique<RawClient>(proxy_ ? proxy_->port() : server_->port());
  }
  std::unique_ptr<server::Service> make_service(server::ServiceConfig config) {
    return std::make_unique<server::Service>(store_, std::move(config), clock_);
  }
  std::string path_prefix_;
  server::SilentLog log_;
  std::unique_ptr<server::Service> service_ = make_service({});
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<Proxy> proxy_;
  std::unique_ptr<RawClient> client_;
};

inline std::string name_of(Transport transport) {
  switch (transport) {
    case Transport::in_process:
      return "in_process";
    case Transport::socket:
      return "socket";
    case Transport::nginx:
      return "nginx";
  }
  return "";
}
inline constexpr auto transport_name = [](const auto& info) {
  return name_of(info.param.transport);
};
inline void PrintTo(const ProtocolSetting& setting, std::ostream* out) {
  *out << name_of(setting.transport);
}

// What a proxy refuses by itself never comes to the server.
inline const std::vector<Transport> kDirectTransports{Transport::in_process, Transport::socket};
inline const std::vector<Transport> kAllTransports{Transport::in_process, Transport::socket,
                                                   Transport::nginx};

/// The parameters of a suite that a program runs over one kind of store.
template <class Stores>
auto over(const std::vector<Transport>& transports) {
  std::vector<ProtocolSetting> settings;
  for (const Transport transport : transports) {
    settings.push_back({transport, factory<Stores>("Only")});
  }
  return testing::ValuesIn(settings);
}

}  // namespace dialog::test
