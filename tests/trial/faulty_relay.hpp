#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <thread>

#include "support/generator.hpp"

namespace dialog::test {

/// Stands between clients and a server on this machine, and breaks connections: cuts an answer in
/// the middle, resets, swallows an answer whole, or a request before the server sees it. How many
/// bytes a connection lives, and how it ends, comes from the seed.
class FaultyRelay {
 public:
  /// Of any number of relays.
  struct Faults {
    std::atomic<std::uint64_t> cut_answers = 0;         ///< ended within an answer
    std::atomic<std::uint64_t> resets = 0;              ///< the same, by a reset
    std::atomic<std::uint64_t> swallowed_answers = 0;   ///< the server got the request
    std::atomic<std::uint64_t> swallowed_requests = 0;  ///< it did not
  };

  /// A connection passes about so many bytes on until it breaks. Adds to `faults`.
  FaultyRelay(std::uint16_t server_port, std::uint64_t seed, std::size_t bytes_between_faults,
              Faults& faults);
  FaultyRelay(const FaultyRelay&) = delete;
  FaultyRelay& operator=(const FaultyRelay&) = delete;
  ~FaultyRelay();

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  class Connection;
  void accept();

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const boost::asio::ip::tcp::endpoint server_;
  const std::size_t bytes_between_faults_;
  Generator random_;
  Faults& faults_;
  std::jthread thread_;
};

}  // namespace dialog::test
