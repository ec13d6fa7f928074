#pragma once

#include <atomic>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "dialog/base/check.hpp"

namespace dialog::test {

/// A socket that plays a server's part byte by byte: each connection is given to a function, one
/// after the other.
class ScriptedServer {
 public:
  /// One accepted connection; closed when the script returns.
  class Connection {
   public:
    explicit Connection(int socket) : socket_(socket) {}
    void write(const std::string& bytes) const {
      ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    /// Reads until a whole request of `body_bytes` is there. False where the peer closed before.
    bool read_request(std::size_t body_bytes = 0) {
      while (true) {
        const std::size_t end = received_.find("\r\n\r\n");
        if (end != std::string::npos && received_.size() >= end + 4 + body_bytes) {
          received_.erase(0, end + 4 + body_bytes);
          return true;
        }
        if (!read_some()) return false;
      }
    }
    /// Waits until the peer closes the connection.
    void wait_for_close() {
      while (read_some()) {
      }
    }

   private:
    bool read_some() {
      char buffer[4096];
      const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) return false;
      received_.append(buffer, static_cast<std::size_t>(count));
      return true;
    }
    int socket_;
    std::string received_;
  };
  using Script = std::function<void(Connection&)>;

  explicit ScriptedServer(Script script)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)), script_(std::move(script)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    DIALOG_CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    DIALOG_CHECK(::listen(socket_, 16) == 0, "listen");
    DIALOG_CHECK(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "getsockname");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve() {
    while (true) {
      const int accepted = ::accept(socket_, nullptr, nullptr);
      if (accepted < 0) return;
      ++connections_;
      Connection connection(accepted);
      script_(connection);
      ::close(accepted);
    }
  }

  int socket_;
  std::uint16_t port_ = 0;
  Script script_;
  std::atomic<int> connections_ = 0;
  std::jthread thread_;
};

}  // namespace dialog::test
