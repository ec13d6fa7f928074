#include "load.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cmath>
#include <deque>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "report.hpp"

namespace dialog::bench {
namespace {

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0 ||
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up("cannot connect to port " + std::to_string(port));
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

/// Sends a request and waits for its answer.
void exchange(int socket, LoadClient& client, std::string_view request) {
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    give_up("the server closed a connection");
  std::array<char, 4096> buffer;
  std::string received;
  while (client.take(received).kind == Reply::Kind::incomplete) {
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got <= 0) give_up("the server closed a connection");
    received.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// One client on its socket. What does not fit into the socket at once is sent when it has room.
class Connection {
 public:
  Connection(int epoll, std::uint16_t port, std::unique_ptr<LoadClient> client)
      : epoll_(epoll), socket_(connect_to(port)), client_(std::move(client)) {
    if (const auto greeting = client_->greeting(); !greeting.empty())
      exchange(socket_, *client_, greeting);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = this;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

  void begin(double due) {
    due_ = due;
    request_ = client_->next();
    flush();
  }

  /// The reply that became complete, if one did.
  Reply::Kind on_event(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0U) flush();
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return Reply::Kind::incomplete;
    return receive();
  }

  [[nodiscard]] double due() const { return due_; }
  std::uint64_t done = 0;

 private:
  void flush() {
    const bool was_waiting = waiting_;
    waiting_ = false;
    while (!request_.empty()) {
      const ssize_t count =
          ::send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN) {
        waiting_ = true;
        break;
      }
      if (count <= 0) give_up("the server closed a connection");
      request_.remove_prefix(static_cast<std::size_t>(count));
    }
    if (waiting_ == was_waiting) return;
    epoll_event event{};
    event.events = waiting_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = this;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_, &event);
  }

  Reply::Kind receive() {
    static std::array<char, 65536> buffer;
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return Reply::Kind::incomplete;
    if (count <= 0) give_up("the server closed a connection");
    std::string_view received(buffer.data(), static_cast<std::size_t>(count));
    if (!held_.empty()) received = held_.append(received);
    const Reply reply = client_->take(received);
    if (reply.kind == Reply::Kind::incomplete) {
      if (held_.empty()) held_ = received;
    } else {
      if (reply.bytes != received.size()) give_up("the server answered more than was asked");
      held_.clear();
    }
    return reply.kind;
  }

  int epoll_;
  int socket_;
  std::unique_ptr<LoadClient> client_;
  std::string_view request_;  // what is not sent yet
  bool waiting_ = false;
  std::string held_;  // an answer that did not come at once
  double due_ = 0;
};

class Run {
 public:
  explicit Run(const Load& load) : load_(load), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < load.clients; ++i)
      connections_.push_back(std::make_unique<Connection>(epoll_, load.port, load.client(i)));
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() { ::close(epoll_); }

  LoadResult result() {
    start_ = seconds_now();
    for (auto& connection : connections_) free_.push_back(connection.get());
    double now = start_;
    hand_out(now);
    while (now - start_ < load_.seconds && !is_enough()) {
      wait(now);
      now = seconds_now();
      hand_out(now);
    }
    if (latencies_us_.empty()) give_up("no answer at all");
    LoadResult result;
    result.per_second = static_cast<double>(done_) / (now - start_);
    result.p50_us = percentile(latencies_us_, 0.5);
    result.p99_us = percentile(latencies_us_, 0.99);
    const auto by_done = [](const auto& a, const auto& b) { return a->done < b->done; };
    const auto [least, most] =
        std::minmax_element(connections_.begin(), connections_.end(), by_done);
    result.least = (*least)->done;
    result.most = (*most)->done;
    return result;
  }

 private:
  [[nodiscard]] bool is_enough() const { return load_.done_max != 0 && done_ >= load_.done_max; }

  void hand_out(double now) {
    while (!free_.empty() && !is_enough() && (load_.per_second == 0 || next_due() <= now)) {
      free_.front()->begin(load_.per_second == 0 ? now : next_due());
      free_.pop_front();
      ++begun_;
    }
  }

  [[nodiscard]] double next_due() const {
    return start_ + static_cast<double>(begun_) / load_.per_second;
  }

  void wait(double now) {
    timespec timeout{1, 0};
    if (load_.per_second > 0 && !free_.empty())
      timeout = {0, std::lround(std::clamp(next_due() - now, 0.0, 0.9) * 1e9)};
    std::array<epoll_event, 64> events;
    const int ready =
        ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      count(connection, connection.on_event(event.events));
    }
  }

  void count(Connection& connection, Reply::Kind kind) {
    if (kind == Reply::Kind::incomplete) return;
    const double now = seconds_now();
    if (kind == Reply::Kind::done) {
      latencies_us_.push_back((now - connection.due()) * 1e6);
      ++connection.done;
      ++done_;
      free_.push_back(&connection);
    } else {
      // The latency of what is tried again counts from its first try.
      connection.begin(connection.due());
    }
  }

  const Load& load_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> free_;
  std::vector<double> latencies_us_;
  double start_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

LoadResult run_load(const Load& load) { return Run(load).result(); }

IdleConnections::IdleConnections(std::uint16_t port, int count,
                                 const std::function<std::unique_ptr<LoadClient>(int)>& client) {
  for (int i = 0; i < count; ++i) {
    const auto user = client(i);
    sockets_.push_back(connect_to(port));
    exchange(sockets_.back(), *user, user->next());
  }
}

IdleConnections::~IdleConnections() {
  for (const int socket : sockets_) ::close(socket);
}

void take_all_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace dialog::bench
