#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "addresses.hpp"
#include "budget.hpp"
#include "dialog/server/server.hpp"

namespace dialog::server {

class Session;

/// What the connections of one server share.
class ServerCore {
 public:
  ServerCore(Service& service_in, ServerConfig config_in, Log& log_in);

  Result<void> start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_.load(); }
  [[nodiscard]] bool needs_tokens() const { return needs_tokens_; }
  [[nodiscard]] std::size_t connection_count() const { return connections_.load(); }

  /// Called at the beginning and at the end of a connection's life.
  void connection_came() { ++connections_; }
  void connection_gone(const Session* session);
  /// Different for each request of this server and, most likely, for those of its other runs.
  std::string next_request_id();

  Service& service;
  const ServerConfig config;
  Log& log;
  boost::asio::io_context io;
  boost::asio::thread_pool workers;
  Budget budget;
  const std::shared_ptr<AddressTable> addresses;
  Networks trusted_proxies;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> queued_requests{0};
  CancelSource cancel;

 private:
  using Tcp = boost::asio::ip::tcp;
  Result<void> listen();
  void accept();
  void tell_accept_failed(const boost::system::error_code& error);
  void admit_connection(Tcp::socket socket);
  void turn_away(Tcp::socket socket);
  void run_io();
  bool wait_until_empty();
  template <class Action>
  void for_each_session(Action action);

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  Tcp::acceptor acceptor_;
  boost::asio::steady_timer accept_again_;
  std::optional<std::chrono::steady_clock::time_point> accept_failed_told_;
  std::atomic<std::uint16_t> port_{0};
  std::atomic<bool> needs_tokens_{false};
  std::vector<std::thread> io_threads_;
  std::string request_id_prefix_;
  std::atomic<std::uint64_t> next_request_{0};

  std::mutex mutex_;
  std::condition_variable empty_;
  std::atomic<std::size_t> connections_{0};
  std::unordered_map<const Session*, std::weak_ptr<Session>> sessions_;
  std::mutex stop_mutex_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace dialog::server
