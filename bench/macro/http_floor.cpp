#include "http_floor.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string_view>
#include <utility>

namespace dialog::bench {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using BoostError = boost::system::error_code;

// As large as what a server answers to HEAD.
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: application/json\r\n"
    "ETag: 1111111111111111111111111111111111111111111111111111111111111111\r\n"
    "Dialog-Sequence: 1\r\n"
    "Date: Sun, 22 Nov 2026 21:00:00 GMT\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Length: 240\r\n"
    "X-Request-Id: 00000000-1000000\r\n"
    "Connection: keep-alive\r\n\r\n";

// A request of the load fits into one segment, so one read is one request.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(asio::buffer(bytes_),
                            [self = shared_from_this()](const BoostError& error, std::size_t) {
                              if (!error) self->answer();
                            });
  }

 private:
  void answer() {
    asio::async_write(socket_, asio::buffer(kResponse),
                      [self = shared_from_this()](const BoostError& error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  Tcp::socket socket_;
  std::array<char, 4096> bytes_;
};

}  // namespace

HttpFloor::HttpFloor() : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
  accept();
  thread_ = std::thread([this] { io_.run(); });
}

HttpFloor::~HttpFloor() {
  io_.stop();
  thread_.join();
}

void HttpFloor::accept() {
  acceptor_.async_accept([this](const BoostError& error, Tcp::socket socket) {
    if (error) return;
    BoostError ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    std::make_shared<Connection>(std::move(socket))->read();
    accept();
  });
}

}  // namespace dialog::bench
