#include "dialog/server/server.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <exception>

#include "core.hpp"
#include "dialog/base/random.hpp"
#include "session.hpp"

namespace dialog::server {
namespace {

namespace asio = boost::asio;
using BoostError = boost::system::error_code;

// For an accept that failed for want of file descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};
// It fails again and again then.
constexpr std::chrono::minutes kAcceptFailedPause{1};

std::string random_prefix() {
  std::array<std::uint8_t, 4> bytes{};
  system_random().fill(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) + "-";
}

}  // namespace

ServerCore::ServerCore(Service& service_in, ServerConfig config_in, Log& log_in)
    : service(service_in),
      config(std::move(config_in)),
      log(log_in),
      workers(std::max(1U, config.worker_threads)),
      budget(config.bytes_in_flight_max),
      addresses(std::make_shared<AddressTable>(config.connections_per_address_max)),
      work_(io.get_executor()),
      acceptor_(asio::make_strand(io)),
      accept_again_(acceptor_.get_executor()),
      request_id_prefix_(random_prefix()) {}

Result<void> ServerCore::listen() {
  BoostError error;
  Tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(config.host, std::to_string(config.port),
                       Tcp::resolver::passive | Tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return fail(ErrorCode::invalid_argument,
                "\"" + config.host + "\" is no address: " + error.message());
  }
  const Tcp::endpoint endpoint = found.begin()->endpoint();
  if (!normalized(endpoint.address()).is_loopback() && !config.open &&
      !service.asks_for_credentials()) {
    needs_tokens_ = true;
    return fail(ErrorCode::invalid_argument,
                "listening on " + config.host +
                    " without tokens would let everybody who reaches it write; give it "
                    "tokens, listen on 127.0.0.1, or say that it is meant to be open");
  }
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::unavailable, "cannot listen on " + config.host + ":" +
                                            std::to_string(config.port) + ": " + error.message());
  }
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

Result<void> ServerCore::start() {
  const std::lock_guard lock(stop_mutex_);
  if (started_ || stopped_) return fail(ErrorCode::invalid_argument, "a server starts once");
  DIALOG_ASSIGN(trusted_proxies, Networks::parse(config.trusted_proxies));
  DIALOG_TRY(listen());
  started_ = true;
  asio::post(acceptor_.get_executor(), [this] { accept(); });
  for (unsigned i = 0; i < std::max(1U, config.io_threads); ++i)
    io_threads_.emplace_back([this] { run_io(); });
  log.event(Severity::info, "listening", config.host + ":" + std::to_string(port_.load()));
  return {};
}

void ServerCore::run_io() {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& failure) {
      // A handler ran out of memory, at worst: its connection is gone, the others go on.
      log.event(Severity::error, "io_failed", failure.what());
    }
  }
}

void ServerCore::accept() {
  acceptor_.async_accept(asio::make_strand(io),
                         [this](const BoostError& error, Tcp::socket socket) {
                           if (stopping || error == asio::error::operation_aborted) return;
                           if (!error) {
                             admit_connection(std::move(socket));
                             return accept();
                           }
                           tell_accept_failed(error);
                           accept_again_.expires_after(kAcceptPause);
                           accept_again_.async_wait([this](const BoostError& stopped) {
                             if (!stopped) accept();
                           });
                         });
}

void ServerCore::tell_accept_failed(const BoostError& error) {
  const auto now = std::chrono::steady_clock::now();
  if (accept_failed_told_ && now < *accept_failed_told_ + kAcceptFailedPause) return;
  accept_failed_told_ = now;
  std::string message = "clients wait for a connection: " + error.message();
  if (error == asio::error::no_descriptors)
    message += "; raise the limit of files that this process may open (ulimit -n, LimitNOFILE=)";
  log.event(Severity::warning, "accept_failed", message);
}

void ServerCore::admit_connection(Tcp::socket socket) {
  BoostError error;
  const Address peer = normalized(socket.remote_endpoint(error).address());
  if (error) return;
  socket.set_option(Tcp::no_delay(true), error);
  std::optional<AddressTable::Lease> lease;
  if (!trusted_proxies.contains(peer)) {
    lease = addresses->acquire(peer);
    if (!lease) return turn_away(std::move(socket));
  }
  // Connections come on the acceptor's strand alone, so none comes between this line and the next.
  if (connections_ >= config.connections_max) return turn_away(std::move(socket));
  auto session = std::make_shared<Session>(*this, std::move(socket), peer, std::move(lease));
  {
    const std::lock_guard lock(mutex_);
    sessions_.emplace(session.get(), session);
  }
  asio::post(session->executor(), [session] { session->start(); });
}

void ServerCore::turn_away(Tcp::socket socket) {
  static constexpr std::string_view kResponse =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
      "Retry-After: 1\r\nConnection: close\r\n\r\n";
  // So few bytes fit into an empty send buffer; nobody waits for a client that is not let in.
  BoostError ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(kResponse), ignored);
  socket.shutdown(Tcp::socket::shutdown_send, ignored);
}

void ServerCore::connection_gone(const Session* session) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(session);
  if (--connections_ == 0) empty_.notify_all();
}

std::string ServerCore::next_request_id() {
  return request_id_prefix_ + std::to_string(++next_request_);
}

template <class Action>
void ServerCore::for_each_session(Action action) {
  std::vector<std::shared_ptr<Session>> live;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, weak] : sessions_) {
      if (auto session = weak.lock()) live.push_back(std::move(session));
    }
  }
  for (auto& session : live) {
    const auto executor = session->executor();
    asio::post(executor, [session = std::move(session), action] { action(*session); });
  }
}

bool ServerCore::wait_until_empty() {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, config.stop_time_max, [this] { return connections_ == 0; });
}

void ServerCore::stop() {
  const std::lock_guard lock(stop_mutex_);
  if (stopped_) return;
  stopped_ = true;
  if (started_) {
    log.event(Severity::info, "stopping", "requests in flight may finish");
    stopping = true;
    asio::post(acceptor_.get_executor(), [this] {
      BoostError ignored;
      acceptor_.close(ignored);
      accept_again_.cancel();
    });
    for_each_session([](Session& session) { session.begin_stop(); });
    if (!wait_until_empty()) {
      log.event(Severity::warning, "cutting", "some requests did not finish in time");
      cancel.cancel();
      for_each_session([](Session& session) { session.close(); });
    }
  }
  workers.join();
  work_.reset();
  for (std::thread& thread : io_threads_) thread.join();
  if (started_) log.event(Severity::info, "stopped", "");
}

Server::Server(Service& service, ServerConfig config, Log& log)
    : core_(std::make_unique<ServerCore>(service, std::move(config), log)) {}
Server::~Server() { core_->stop(); }
Result<void> Server::start() { return core_->start(); }
bool Server::needs_tokens() const { return core_->needs_tokens(); }

std::uint16_t Server::port() const { return core_->port(); }
std::size_t Server::connection_count() const { return core_->connection_count(); }
void Server::stop() { core_->stop(); }

}  // namespace dialog::server
