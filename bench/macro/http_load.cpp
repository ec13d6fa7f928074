#include "http_load.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <memory>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "report.hpp"

namespace dialog::bench {
namespace {

class Client {
 public:
  Client(const HttpLoad& load, int number) : load_(load), number_(number) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(load.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      give_up("cannot connect to port " + std::to_string(load.port));
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  [[nodiscard]] int socket() const { return socket_; }

  void send() {
    const std::string request = load_.next(number_);
    head_request_ = request.starts_with("HEAD ");
    received_.clear();
    started_ = seconds_now();
    std::size_t sent = 0;
    while (sent < request.size()) {
      const ssize_t count =
          ::send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) give_up("the server closed a connection");
      sent += static_cast<std::size_t>(count);
    }
  }

  /// True when an answer became complete; its latency goes into `latencies_us`.
  bool receive(std::vector<double>& latencies_us) {
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count <= 0) give_up("the server closed a connection");
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t head_end = received_.find("\r\n\r\n");
    if (head_end == std::string::npos) return false;
    const std::size_t body =
        head_request_ ? 0 : content_length(std::string_view(received_).substr(0, head_end));
    if (received_.size() < head_end + 4 + body) return false;
    latencies_us.push_back((seconds_now() - started_) * 1e6);
    int status = 0;
    std::from_chars(received_.data() + 9, received_.data() + 12, status);
    if (!load_.answered(number_, status))
      give_up("unexpected answer: " + received_.substr(0, head_end));
    return true;
  }

 private:
  static std::size_t content_length(std::string_view head) {
    std::string lower(head);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = lower.find("\r\ncontent-length:");
    if (at == std::string::npos) return 0;
    std::size_t value_at = at + 17;
    while (value_at < lower.size() && lower[value_at] == ' ') ++value_at;
    std::size_t length = 0;
    std::from_chars(lower.data() + value_at, lower.data() + lower.size(), length);
    return length;
  }

  const HttpLoad& load_;
  int number_;
  int socket_ = -1;
  bool head_request_ = false;
  double started_ = 0;
  std::string received_;
};

}  // namespace

HttpLoadResult run_http_load(const HttpLoad& load) {
  const int epoll = ::epoll_create1(0);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < load.clients; ++i) {
    clients.push_back(std::make_unique<Client>(load, i));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back()->socket(), &event);
  }
  std::vector<double> latencies_us;
  const double start = seconds_now();
  for (auto& client : clients) client->send();
  std::array<epoll_event, 64> events;
  double now = start;
  while (now - start < load.seconds) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < ready; ++i) {
      Client& client = *clients[events[static_cast<std::size_t>(i)].data.u32];
      if (client.receive(latencies_us)) client.send();
    }
    now = seconds_now();
  }
  ::close(epoll);
  if (latencies_us.empty()) give_up("no answer at all");
  HttpLoadResult result;
  result.requests_per_second = static_cast<double>(latencies_us.size()) / (now - start);
  result.p50_us = percentile(latencies_us, 0.5);
  result.p99_us = percentile(latencies_us, 0.99);
  return result;
}

}  // namespace dialog::bench
