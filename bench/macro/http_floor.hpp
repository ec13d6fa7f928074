#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <thread>

namespace dialog::bench {

/// A bare loop of asio on one thread that answers each request with the same bytes, without looking
/// into it: what the loopback, the event loop and the load itself allow.
class HttpFloor {
 public:
  HttpFloor();
  HttpFloor(const HttpFloor&) = delete;
  HttpFloor& operator=(const HttpFloor&) = delete;
  ~HttpFloor();
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept();

  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

}  // namespace dialog::bench
