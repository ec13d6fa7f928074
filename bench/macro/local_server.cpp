#include "local_server.hpp"

namespace dialog::bench {

LocalServer::LocalServer(const std::string& parent) : folder_(parent) {
  LogOptions options;
  options.open = StoreOpen::ensure;
  store_ = must(LogServerStore::open(folder_.path() + "/data", options), "open");
  service_ = std::make_unique<server::Service>(*store_, server::ServiceConfig{});
  server_ = std::make_unique<server::Server>(*service_, server::ServerConfig{}, log_);
  must(server_->start(), "start");
}

}  // namespace dialog::bench
