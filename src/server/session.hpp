#pragma once

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core.hpp"
#include "request_head.hpp"
#include "shard.hpp"
#include "stream.hpp"
#include "stream_pump.hpp"

namespace dialog::server {

/// At most so much is read at once.
inline constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

/// Where what is read may stay uncounted: beyond the end of a body that does not tell its length,
/// and after a refusal.
inline constexpr std::size_t kUncountedReadBytes = std::size_t{16} * 1024;

/// The memory that a body takes. One that told its length got room for it all, but uses only what
/// came.
inline std::size_t held_bytes(const Bytes& body) {
  return std::min(body.capacity(), 2 * body.size());
}

/// One connection: reads a request, has it answered, writes the response, and so on. It belongs to
/// the thread of its shard. What waits for nothing is answered there and then; a write goes to the
/// gatherer, everything else to a worker, and the session reads nothing meanwhile: what the client
/// sends then waits in the kernel. Requests that came together are answered together, in order.
class Session final : public EventLoop::Handler,
                      private Gatherer::Client,
                      public std::enable_shared_from_this<Session> {
 public:
  using Time = EventLoop::Time;

  Session(ServerCore& core, Shard& shard, Stream stream, const Address& peer,
          std::optional<AddressTable::Lease> lease);
  ~Session() override;

  void start();
  /// Closes an idle connection; a busy one ends after its response.
  void begin_stop();
  void close();

  void on_ready(std::uint32_t events) override;
  /// What it waits for must have come by then.
  [[nodiscard]] Time deadline() const { return deadline_; }
  void on_late();

 private:
  using ChunkParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  /// What is waited for: `idle` and `head` for a request, `response` for the client to take what
  /// was answered, `work` for an answer.
  enum class Phase { handshake, idle, head, body, work, response, stream, drain, closed };
  /// What comes once the client has taken all that was answered.
  enum class After { next_request, body, work, stream, end };
  enum class Input { more, none, over };

  // Gatherer::Client
  Service::Write& write() override { return *write_; }
  EventLoop& loop() override { return shard_.loop; }
  void on_written() override;

  void run();
  void advance();
  void enter(Phase phase, std::chrono::milliseconds time_max);
  void set_deadline(Time deadline);
  void await_transfer(std::size_t bytes_done);

  Input fill(std::size_t bytes_max);
  void keep_input();

  bool shake_hands();
  void next_request();
  bool read_head();
  bool skip_empty_line();
  void on_head(std::size_t head_bytes);
  bool count_client();
  [[nodiscard]] Peer came_from() const;
  [[nodiscard]] bool is_rebound();
  bool judge_body();
  bool begin_chunks(std::string_view head);
  void await_body();
  bool read_body();
  bool take_body();
  bool take_chunks();
  bool drain();
  void begin_stream();
  bool stream();
  bool send_piece();
  void end_stream();

  void work();
  void answer_now();
  void gather();
  void hand_to_worker();
  void on_answer(Answer answer);

  void refuse(int status, ErrorCode code, std::string message);
  void respond(Answer answer);
  /// Who is behind the request in hand, as far as trusted proxies say it.
  [[nodiscard]] const Address& client() const { return client_ ? *client_ : peer_; }
  void send_then(After after);
  bool send();
  void on_sent();
  void end();
  void count_request(const Answer& answer);
  void note_request(Answer& answer, std::string request_id);
  void log_sent();

  // Counts the connection. Before the other members, so that it goes after them: a connection that
  // is no longer counted holds nothing of what is shared.
  struct Presence {
    explicit Presence(ServerCore& core_in) : core(core_in) {
      core.connection_came();
      Metrics::add(core.service.metrics().connections_opened);
    }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() {
      Metrics::add(core.service.metrics().connections_closed);
      core.connection_gone();
    }
    ServerCore& core;
  };

  ServerCore& core_;
  Shard& shard_;
  const Presence presence_{core_};
  Stream stream_;
  const Address peer_;
  const std::string peer_text_;  ///< for the log, if there is one
  const std::optional<AddressTable::Lease> lease_;

  Phase phase_ = Phase::idle;
  After after_ = After::next_request;
  Time phase_start_;
  Time deadline_ = Time::max();
  // Whether the socket may have bytes, or room for some: until it says otherwise.
  bool readable_ = true;
  bool writable_ = true;
  bool peer_ended_ = false;
  bool close_after_ = false;
  std::size_t drained_ = 0;
  // What came and is not used yet: in the buffer, or, while this session runs, in its shard's.
  std::string_view input_;
  Bytes buffer_;

  std::shared_ptr<const Service::Visit> known_;  ///< of the request before
  std::string local_host_;  ///< the latest `Host` that named this machine, or an address

  // Of the present request:
  HeadScanner scanner_;
  std::unique_ptr<ChunkParser> chunks_;
  std::size_t body_left_ = 0;
  std::optional<Address> client_;  ///< behind a trusted proxy
  std::optional<AddressTable::Lease> client_lease_;
  Budget::Lease request_bytes_;
  HttpRequest request_;
  Service::Admission admission_;
  std::optional<Service::Write> write_;
  Time request_start_;
  bool keep_alive_ = false;
  bool skipped_line_ = false;

  // Of what was answered and the client has not taken yet:
  std::string out_;
  Bytes large_out_;  // behind the other
  std::size_t written_ = 0;
  Budget::Lease response_bytes_;
  struct Noted {
    AccessRecord record;
    Time start;
    std::size_t body_begin = 0;
    std::size_t body_bytes = 0;
    std::optional<std::uint64_t> streamed{};  ///< what was sent of a body that goes on
  };
  std::vector<Noted> noted_;
  std::shared_ptr<AnswerStream> streamed_;
  std::shared_ptr<StreamPump> pump_;
};

}  // namespace dialog::server
