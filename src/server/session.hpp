#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core.hpp"
#include "parse_head.hpp"
#include "request_head.hpp"

namespace dialog::server {

/// One connection: reads a request, has a worker answer it, writes the response, and so on. Every
/// member runs on the strand of its stream. What a client sends after a request waits in the kernel
/// until that one is answered.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  /// What carries the bytes. TLS will be another one with the same operations.
  using Stream = boost::asio::ip::tcp::socket;

  Session(ServerCore& core, Stream stream, Address peer, std::optional<AddressTable::Lease> lease);

  void start();
  /// Closes an idle connection; a busy one ends after its response.
  void begin_stop();
  void close();
  [[nodiscard]] Stream::executor_type executor() { return stream_.get_executor(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  using BodyParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using BoostError = boost::system::error_code;

  enum class Phase { idle, head, body, work, response, drain, closed };

  void next_request();
  void enter(Phase phase, std::chrono::milliseconds time_max);
  void arm(Time deadline);
  void arm_transfer(std::size_t bytes_done);
  void on_timer();

  void read(std::size_t bytes_max);
  void on_read(const BoostError& error, std::size_t bytes);
  void scan_head();
  bool skip_empty_line();
  void on_head(std::size_t head_bytes);
  bool read_fields(const HeadParser& parser);
  bool count_client();
  [[nodiscard]] bool is_rebound() const;
  bool judge_length(std::size_t body_bytes_max);
  void send_continue();
  void read_body();
  void work();

  void refuse(int status, ErrorCode code, std::string message);
  void respond(Answer answer);
  void write();
  void on_write(const BoostError& error, std::size_t bytes);
  void on_response_sent();
  void log_request();
  void drain();

  // Counts the connection. Before the other members, so that it goes after them: a connection that
  // is no longer counted holds nothing of what is shared.
  struct Presence {
    explicit Presence(const Session& session_in) : session(session_in) {
      session.core_.connection_came();
    }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() { session.core_.connection_gone(&session); }
    const Session& session;
  };

  ServerCore& core_;
  const Presence presence_{*this};
  Stream stream_;
  boost::asio::steady_timer timer_;
  const Address peer_;
  const std::optional<AddressTable::Lease> lease_;

  Phase phase_ = Phase::idle;
  Time phase_start_;
  bool timed_out_ = false;
  bool close_after_ = false;
  std::size_t drained_ = 0;
  boost::beast::flat_buffer buffer_;

  // Of the present request:
  std::optional<HeadScanner> scanner_;
  std::optional<BodyParser> body_;
  std::optional<AddressTable::Lease> client_lease_;
  Budget::Lease request_bytes_;
  Budget::Lease response_bytes_;
  HttpRequest request_;
  AccessRecord record_;
  Time request_start_;
  bool keep_alive_ = false;
  bool skipped_line_ = false;
  std::string head_out_;
  Bytes body_out_;
  std::size_t written_ = 0;
};

}  // namespace dialog::server
