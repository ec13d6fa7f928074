#include "raw_client.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace dialog::test {

RawClient::RawClient(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{.tv_sec = 30, .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("the test server cannot be reached");
  }
}

RawClient::~RawClient() { ::close(socket_); }

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::finish() { shutdown(socket_, SHUT_WR); }

bool RawClient::fill() {
  std::array<char, 65536> bytes;
  const ssize_t got = recv(socket_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  received_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> RawClient::receive_line() {
  for (;;) {
    if (const std::size_t end = received_.find("\r\n"); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 2);
      return line;
    }
    if (!fill()) return {};
  }
}

std::optional<HttpResponse> RawClient::receive(bool to_head) {
  HttpResponse response;
  const auto status_line = receive_line();
  if (!status_line || !status_line->starts_with("HTTP/1.1 ")) return {};
  response.status = std::atoi(status_line->c_str() + 9);
  for (;;) {
    const auto line = receive_line();
    if (!line) return {};
    if (line->empty()) break;
    const std::size_t colon = line->find(": ");
    if (colon == std::string::npos) return {};
    response.headers.add(line->substr(0, colon), line->substr(colon + 2));
  }
  const std::string* length = response.headers.find("Content-Length");
  const std::size_t size =
      length == nullptr || to_head ? 0 : std::strtoull(length->c_str(), nullptr, 10);
  while (received_.size() < size) {
    if (!fill()) return {};
  }
  response.body = received_.substr(0, size);
  received_.erase(0, size);
  return response;
}

std::string RawClient::receive_some() {
  if (received_.empty()) fill();
  return std::exchange(received_, {});
}

std::string RawClient::receive_rest() {
  while (fill()) {
  }
  return std::exchange(received_, {});
}

HttpResponse RawClient::exchange(const HttpRequest& request) {
  send(print_request(request));
  return receive(request.method == "HEAD").value_or(HttpResponse{});
}

std::string print_request(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  if (request.headers.find("Host") == nullptr) text += "Host: localhost\r\n";
  for (const auto& [name, value] : request.headers.fields()) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "PUT" || request.method == "POST") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

}  // namespace dialog::test
