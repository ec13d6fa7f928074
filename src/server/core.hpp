#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "addresses.hpp"
#include "budget.hpp"
#include "dialog/server/server.hpp"
#include "event_loop.hpp"
#include "forgeries.hpp"
#include "gatherer.hpp"
#include "metrics.hpp"
#include "shard.hpp"

namespace dialog::server {

/// What the connections of one server share.
class ServerCore final : private EventLoop::Handler {
 public:
  ServerCore(Service& service_in, ServerConfig config_in, Log& log_in);

  Result<void> start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_.load(); }
  [[nodiscard]] bool needs_tokens() const { return needs_tokens_; }
  [[nodiscard]] std::size_t connection_count() const { return connections_.load(); }
  Result<void> set_tls(const TlsPair& pair);

  /// Called at the beginning and at the end of a connection's life.
  void connection_came() { ++connections_; }
  void connection_gone();
  /// Different for each request of this server and, most likely, for those of its other runs.
  void append_request_id(std::string& out);

  Service& service;
  const ServerConfig config;
  Log& log;
  Budget budget;
  const std::shared_ptr<AddressTable> addresses;
  Forgeries forgeries;
  Networks trusted_proxies;
  std::atomic<bool> stopping{false};
  /// Requests that wait for a worker or for the gatherer.
  std::atomic<std::size_t> queued_requests{0};
  CancelSource cancel;
  boost::asio::thread_pool workers;
  std::optional<Gatherer> gatherer;

 private:
  using Time = EventLoop::Time;
  Result<void> listen();
  // On the first shard, which accepts.
  void on_ready(std::uint32_t events) override;
  void on_time(Time now);
  [[nodiscard]] bool accept_one();
  void tell_accept_failed(int error_number);
  void admit_connection(Descriptor socket, const Address& peer);
  [[nodiscard]] std::shared_ptr<const TlsContext> tls();
  void turn_away(const Descriptor& socket, bool expects_tls, Metrics::TurnedAway why);
  bool wait_until_empty();
  void for_each_shard(void (Shard::*action)());

  Descriptor listening_;
  std::mutex tls_mutex_;
  std::shared_ptr<const TlsContext> tls_;
  std::optional<Time> accept_again_;
  std::optional<Time> accept_failed_told_;
  std::atomic<std::uint16_t> port_{0};
  std::atomic<bool> needs_tokens_{false};
  std::vector<std::unique_ptr<Shard>> shards_;
  std::size_t next_shard_ = 0;
  std::vector<std::thread> threads_;
  std::string request_id_prefix_;
  std::atomic<std::uint64_t> next_request_{0};

  std::mutex mutex_;
  std::condition_variable empty_;
  std::atomic<std::size_t> connections_{0};
  std::mutex stop_mutex_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace dialog::server
