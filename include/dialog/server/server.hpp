#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/result.hpp"
#include "dialog/server/log.hpp"
#include "dialog/server/service.hpp"

namespace dialog::server {

/// What a server proves itself with, as text in PEM form.
struct TlsPair {
  std::string certificate;  ///< then those that vouch for it, each for the one before
  std::string key;          ///< of the certificate, without a password
};

/// Where a server listens, and the bound on everything that a client can make it hold or wait for.
struct ServerConfig {
  std::string host = "127.0.0.1";  ///< a name or an address
  std::uint16_t port = 0;          ///< 0: any free one
  /// Listen beyond loopback although the service has no tokens. Without this and without tokens,
  /// requests are refused (421) whose `Host` is a name other than `localhost`: a web page whose
  /// name was made to point here sends them, and browsers would let it read and write.
  bool open = false;

  /// Absent: HTTP in clear text. Otherwise HTTPS alone, with TLS 1.2 or newer.
  std::optional<TlsPair> tls{};

  /// Each serves its share of the connections, and answers itself what waits for nothing.
  unsigned io_threads = 1;
  unsigned worker_threads = 4;  ///< as many requests may wait for the store at once
  /// Received, and waiting for a worker, for the disk, or as a loser on a subject that many want to
  /// change; beyond: 503.
  std::size_t queued_requests_max = 1024;
  /// Of those who lose on one subject at the same time some are told so late, so that not all come
  /// again at once: the longest that one waits. Zero: none does.
  std::chrono::milliseconds refusal_delay_max{100};

  std::size_t request_line_bytes_max = std::size_t{4} * 1024;  ///< beyond: 414
  std::size_t head_bytes_max = std::size_t{16} * 1024;  ///< request line and fields; beyond: 431
  std::size_t fields_max = 64;                          ///< beyond: 431
  std::chrono::milliseconds head_time_max{
      10'000};  ///< from a request's first byte to its whole head; beyond: 408

  /// How fast a body must come in, and how fast a client must take its response: after
  /// `transfer_grace`, at any moment, this many bytes per second on the average since the start.
  std::size_t transfer_bytes_per_second_min = 1024;
  std::chrono::milliseconds transfer_grace{5'000};

  /// How long a stream (`AnswerStream`) is silent before it gets a heartbeat.
  std::chrono::milliseconds heartbeat_time{15'000};
  std::chrono::milliseconds idle_time_max{30'000};     ///< between two requests of a connection
  std::chrono::milliseconds request_time_max{30'000};  ///< the deadline that the store is given
  std::chrono::milliseconds stop_time_max{
      10'000};  ///< for requests in flight when the server stops

  std::size_t connections_max = 4096;
  /// Connections of one client address (one /64 network of IPv6); off for loopback. Behind a
  /// trusted proxy it is the requests in flight that are counted.
  std::size_t connections_per_address_max = 256;
  /// Signatures from one client address that turn out wrong, or show a wrong capability, within a
  /// minute; beyond, signed requests from there are refused unseen (429). Off for loopback.
  std::size_t wrong_signatures_per_minute_max = 120;
  /// Addresses or networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed.
  std::vector<std::string> trusted_proxies{};
  /// Bodies of requests and responses that are held at one moment, all together; beyond: 503. A
  /// response counts with the most that it may take from before the work for it is done, then with
  /// what it takes until the client has it all. Up to 8 KiB each is counted, but never refused: the
  /// register answers also while blocks use up all there is.
  std::size_t bytes_in_flight_max = std::size_t{128} * 1024 * 1024;
};

class ServerCore;

/// Serves HTTP/1.1 over TCP. Thread-safe.
class Server {
 public:
  /// `service` and `log` must outlive this object.
  Server(Service& service, ServerConfig config, Log& log);
  /// Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens, and returns. `invalid_argument` where the configuration is not right, or where it
  /// would let everybody on the network write: not on loopback, no tokens, and not told to be open.
  /// `unavailable` where the address cannot be listened on. At most once per object.
  Result<void> start();

  /// Whether `start` failed because everybody on the network could write: with tokens, or told to
  /// be open, it would have gone on.
  [[nodiscard]] bool needs_tokens() const;

  /// The port that is listened on; 0 before `start`.
  [[nodiscard]] std::uint16_t port() const;

  /// New connections get this certificate; those that are open go on with theirs. From any thread.
  /// `invalid_argument` says what is wrong with the two, or that the server speaks no TLS; then
  /// nothing changes.
  Result<void> set_tls(const TlsPair& pair);

  /// How many connections are open.
  [[nodiscard]] std::size_t connection_count() const;

  /// Takes no more connections, closes idle ones, lets requests in flight finish within
  /// `stop_time_max`, cuts what is left, and waits for all that. May be repeated.
  void stop();

 private:
  std::unique_ptr<ServerCore> core_;
};

}  // namespace dialog::server
