#include "dialog/server/server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core.hpp"
#include "dialog/base/random.hpp"
#include "dialog/base/system_failure.hpp"
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

Result<Descriptor> listen_on(const asio::ip::tcp::endpoint& endpoint) {
  Descriptor socket(
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!socket.is_open() ||
      setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    return fail(ErrorCode::unavailable,
                BoostError(errno, boost::system::system_category()).message());
  }
  return socket;
}

std::uint16_t port_of(const Descriptor& socket) {
  asio::ip::tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (getsockname(socket.get(), endpoint.data(), &size) != 0) return 0;
  endpoint.resize(size);
  return endpoint.port();
}

}  // namespace

ServerCore::ServerCore(Service& service_in, ServerConfig config_in, Log& log_in)
    : service(service_in),
      config(std::move(config_in)),
      log(log_in),
      budget(config.bytes_in_flight_max),
      addresses(std::make_shared<AddressTable>(config.connections_per_address_max)),
      forgeries(config.wrong_signatures_per_minute_max),
      workers(std::max(1U, config.worker_threads)),
      request_id_prefix_(random_prefix()) {}

Result<void> ServerCore::listen() {
  BoostError error;
  asio::io_context context;
  asio::ip::tcp::resolver resolver(context);
  using Flags = asio::ip::tcp::resolver;
  const auto found = resolver.resolve(config.host, std::to_string(config.port),
                                      Flags::passive | Flags::numeric_service, error);
  if (error || found.empty()) {
    return fail(ErrorCode::invalid_argument,
                "\"" + config.host + "\" is no address: " + error.message());
  }
  const asio::ip::tcp::endpoint endpoint = found.begin()->endpoint();
  if (!normalized(endpoint.address()).is_loopback() && !config.open &&
      !service.asks_for_credentials()) {
    needs_tokens_ = true;
    return fail(ErrorCode::invalid_argument,
                "listening on " + config.host +
                    " without tokens would let everybody who reaches it write; give it "
                    "tokens, listen on 127.0.0.1, or say that it is meant to be open");
  }
  auto socket = listen_on(endpoint);
  if (!socket) {
    return fail(ErrorCode::unavailable, "cannot listen on " + config.host + ":" +
                                            std::to_string(config.port) + ": " +
                                            socket.error().message);
  }
  listening_ = *std::move(socket);
  port_ = port_of(listening_);
  return {};
}

Result<void> ServerCore::start() {
  const std::lock_guard lock(stop_mutex_);
  if (started_ || stopped_) return fail(ErrorCode::invalid_argument, "a server starts once");
  DIALOG_ASSIGN(trusted_proxies, Networks::parse(config.trusted_proxies));
  if (config.tls) {
    DIALOG_ASSIGN(tls_, TlsContext::make(*config.tls));
  }
  DIALOG_TRY(listen());
  for (unsigned i = 0; i < std::max(1U, config.io_threads); ++i) {
    shards_.push_back(std::make_unique<Shard>(*this));
    const bool is_first = i == 0;
    DIALOG_TRY(shards_.back()->open(is_first ? [this](Time now) { on_time(now); }
                                             : std::function<void(Time)>()));
  }
  if (!shards_.front()->loop.add(listening_.get(), *this, EPOLLIN)) {
    return fail(system_failure(errno, "wait for connections"));
  }
  gatherer.emplace(service,
                   Gatherer::Limits{.request_time_max = config.request_time_max,
                                    .refusal_delay_max = config.refusal_delay_max},
                   cancel.token());
  started_ = true;
  for (const auto& shard : shards_) {
    threads_.emplace_back([&shard] {
      // TLS writes to sockets in a way that would end the process where the client has gone.
      sigset_t broken_pipe;
      sigemptyset(&broken_pipe);
      sigaddset(&broken_pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      shard->loop.run();
    });
  }
  log.event(Severity::info, "listening", config.host + ":" + std::to_string(port_.load()));
  return {};
}

void ServerCore::on_ready(std::uint32_t) {
  while (!stopping && listening_.is_open() && accept_one()) {
  }
}

void ServerCore::on_time(Time now) {
  if (!accept_again_) return;
  if (now < *accept_again_) return shards_.front()->loop.wake_at(*accept_again_);
  accept_again_.reset();
  if (listening_.is_open()) shards_.front()->loop.change(listening_.get(), *this, EPOLLIN);
}

// False where nobody waits any more, or where the system has no room for another connection.
bool ServerCore::accept_one() {
  asio::ip::tcp::endpoint from;
  auto size = static_cast<socklen_t>(from.capacity());
  Descriptor socket(accept4(listening_.get(), from.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) {
    from.resize(size);
    admit_connection(std::move(socket), normalized(from.address()));
    return true;
  }
  const int error_number = errno;
  if (error_number == EAGAIN || error_number == EWOULDBLOCK) return false;
  // The client that was to be next has gone again.
  if (error_number == ECONNABORTED || error_number == EINTR) return true;
  tell_accept_failed(error_number);
  EventLoop& loop = shards_.front()->loop;
  loop.change(listening_.get(), *this, 0);
  accept_again_ = std::chrono::steady_clock::now() + kAcceptPause;
  loop.wake_at(*accept_again_);
  return false;
}

void ServerCore::tell_accept_failed(int error_number) {
  Metrics::add(service.metrics().accepts_failed);
  const Time now = std::chrono::steady_clock::now();
  if (accept_failed_told_ && now < *accept_failed_told_ + kAcceptFailedPause) return;
  accept_failed_told_ = now;
  const BoostError error(error_number, boost::system::system_category());
  std::string message = "clients wait for a connection: " + error.message();
  if (error_number == EMFILE || error_number == ENFILE)
    message += "; raise the limit of files that this process may open (ulimit -n, LimitNOFILE=)";
  log.event(Severity::warning, "accept_failed", message);
}

void ServerCore::admit_connection(Descriptor socket, const Address& peer) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::optional<AddressTable::Lease> lease;
  if (!trusted_proxies.contains(peer)) {
    lease = addresses->acquire(peer);
    if (!lease) return turn_away(socket, config.tls.has_value(), Metrics::TurnedAway::address);
  }
  // Connections come on one thread alone, so none comes between this line and the next.
  if (connections_ >= config.connections_max)
    return turn_away(socket, config.tls.has_value(), Metrics::TurnedAway::connections);
  TlsContext::Connection secured;
  if (const auto context = tls()) {
    secured = context->accept(socket.get());
    if (!secured) return;
  }
  Stream stream(std::move(socket), std::move(secured));
  Shard& shard = *shards_[next_shard_++ % shards_.size()];
  if (&shard == shards_.front().get()) return shard.take(std::move(stream), peer, std::move(lease));
  // Counted from now on; a session counts for itself.
  connection_came();
  auto handed = std::make_shared<std::pair<Stream, std::optional<AddressTable::Lease>>>(
      std::move(stream), std::move(lease));
  shard.loop.post([this, &shard, peer, handed] {
    if (!stopping) shard.take(std::move(handed->first), peer, std::move(handed->second));
    handed->first.close();
    connection_gone();
  });
}

std::shared_ptr<const TlsContext> ServerCore::tls() {
  const std::lock_guard lock(tls_mutex_);
  return tls_;
}

Result<void> ServerCore::set_tls(const TlsPair& pair) {
  if (!config.tls) return fail(ErrorCode::invalid_argument, "this server speaks no TLS");
  DIALOG_ASSIGN(auto context, TlsContext::make(pair));
  const std::lock_guard lock(tls_mutex_);
  tls_ = std::move(context);
  return {};
}

// Whoever expects TLS could not read the response, and just finds the connection closed.
void ServerCore::turn_away(const Descriptor& socket, bool expects_tls, Metrics::TurnedAway why) {
  service.metrics().turned_away(why);
  static constexpr std::string_view kResponse =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
      "Retry-After: 1\r\nConnection: close\r\n\r\n";
  // So few bytes fit into an empty send buffer; nobody waits for a client that is not let in.
  if (!expects_tls)
    static_cast<void>(send(socket.get(), kResponse.data(), kResponse.size(), MSG_NOSIGNAL));
  shutdown(socket.get(), SHUT_WR);
}

void ServerCore::connection_gone() {
  const std::lock_guard lock(mutex_);
  if (--connections_ == 0) empty_.notify_all();
}

void ServerCore::append_request_id(std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), ++next_request_).ptr;
  out.append(request_id_prefix_).append(digits.data(), end);
}

void ServerCore::for_each_shard(void (Shard::*action)()) {
  for (const auto& shard : shards_) {
    shard->loop.post([&shard, action] { ((*shard).*action)(); });
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
    shards_.front()->loop.post([this] { listening_.close(); });
    for_each_shard(&Shard::begin_stop);
    if (!wait_until_empty()) {
      log.event(Severity::warning, "cutting", "some requests did not finish in time");
      cancel.cancel();
      for_each_shard(&Shard::close_all);
    }
  }
  workers.join();
  gatherer.reset();
  for (const auto& shard : shards_) shard->loop.stop();
  for (std::thread& thread : threads_) thread.join();
  if (started_) log.event(Severity::info, "stopped", "");
}

Server::Server(Service& service, ServerConfig config, Log& log)
    : core_(std::make_unique<ServerCore>(service, std::move(config), log)) {}
Server::~Server() { core_->stop(); }
Result<void> Server::start() { return core_->start(); }
bool Server::needs_tokens() const { return core_->needs_tokens(); }

std::uint16_t Server::port() const { return core_->port(); }
std::size_t Server::connection_count() const { return core_->connection_count(); }
Result<void> Server::set_tls(const TlsPair& pair) { return core_->set_tls(pair); }
void Server::stop() { core_->stop(); }

}  // namespace dialog::server
