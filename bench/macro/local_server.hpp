#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dialog/backends/log_server_store.hpp"
#include "dialog/server/server.hpp"
#include "report.hpp"

namespace dialog::bench {

/// The real server on a free port of the loopback, durable in a scratch folder.
class LocalServer {
 public:
  explicit LocalServer(const std::string& parent);

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  [[nodiscard]] ServerStore& store() { return *store_; }

 private:
  ScratchFolder folder_;
  server::SilentLog log_;
  std::unique_ptr<LogServerStore> store_;
  std::unique_ptr<server::Service> service_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace dialog::bench
