#pragma once

#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dialog/base/clock.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/server.hpp"
#include "dialog/server/service.hpp"
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

enum class Transport { in_process, socket };

/// Runs a test of the protocol twice: against the service itself, and through a socket.
class ProtocolTest : public testing::TestWithParam<Transport> {
 protected:
  /// Before the first request.
  void configure(server::ServiceConfig config) { service_ = make_service(std::move(config)); }
  void set_tokens(std::string_view lines) {
    auto tokens = server::TokenSet::parse(lines);
    ASSERT_TRUE(tokens.has_value()) << tokens.error().message;
    service_->set_tokens(std::make_shared<const server::TokenSet>(*std::move(tokens)));
  }

  HttpResponse send(const HttpRequest& request) {
    if (GetParam() == Transport::in_process) return service_->handle(request);
    if (!client_) {
      server_ = std::make_unique<server::Server>(*service_, server::ServerConfig{}, log_);
      EXPECT_TRUE(server_->start().has_value());
      client_ = std::make_unique<RawClient>(server_->port());
    }
    HttpResponse response = client_->exchange(request);
    // A refused body ends its connection.
    if (field(response, "Connection") == "close")
      client_ = std::make_unique<RawClient>(server_->port());
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
  MemoryServerStore store_;

 private:
  std::unique_ptr<server::Service> make_service(server::ServiceConfig config) {
    return std::make_unique<server::Service>(store_, std::move(config), clock_);
  }
  server::SilentLog log_;
  std::unique_ptr<server::Service> service_ = make_service({});
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<RawClient> client_;
};

inline std::string transport_name(const testing::TestParamInfo<Transport>& info) {
  return info.param == Transport::in_process ? "in_process" : "socket";
}

}  // namespace dialog::test

/// Once per test class.
#define DIALOG_BOTH_TRANSPORTS(Test)                                                             \
  INSTANTIATE_TEST_SUITE_P(                                                                      \
      , Test,                                                                                    \
      testing::Values(::dialog::test::Transport::in_process, ::dialog::test::Transport::socket), \
      ::dialog::test::transport_name)
