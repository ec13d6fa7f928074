#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/base/context.hpp"
#include "dialog/http/message.hpp"
#include "dialog/http/wire.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/answer_stream.hpp"
#include "dialog/server/replay_guard.hpp"
#include "dialog/server/subject_set.hpp"
#include "dialog/server/tokens.hpp"

namespace dialog::server {

struct ServiceConfig {
  /// What comes before `/{did}` in every URL, such as `/api/register`; empty for none.
  std::string path_prefix{};
  wire::EtagStyle etag_style = wire::EtagStyle::bare;
  std::size_t register_body_bytes_max = wire::kRegisterBodyBytesMax;
  std::size_t block_bytes_max = kBlockBytesMax;
  std::size_t batch_hashes_max = wire::kBatchHashesMax;
  std::size_t batch_bytes_max = wire::kBatchBytesMax;
  std::size_t log_records_max = wire::kLogRecordsMax;
  /// Web pages of these origins may call this server (`*`: of all). Empty: none may.
  std::vector<std::string> cors_origins{};
  /// Without tokens, requests that need an admin are answered: where nobody but programs of this
  /// machine reaches the server. Never those of web pages.
  bool admin_without_tokens = false;
  /// Streams of changes (`GET /{did}/watch`) that are open at once; beyond: 503. With 0 there are
  /// none, and the capabilities do not name them.
  std::size_t streams_max = 2048;
  /// After how long a stream looks at the register though nobody told of a change: another server
  /// on the same register may have made one.
  std::chrono::milliseconds watch_look_again{15'000};

  /// Requests may be signed by the key of a did:key, which then opens its own subject, and those
  /// that a capability gives it (docs/protocol/signatures.md). Everything that needs credentials is
  /// refused without any, also where there are no tokens.
  bool signatures = false;
  /// How clients reach this server: what they sign. Absent: only under names of this machine.
  std::optional<Endpoint> public_endpoint{};
  /// Lets each signature pass once. Null: one in memory, for `nonces_max` signatures at a time;
  /// what exceeds them is refused (503) rather than let in twice.
  std::shared_ptr<ReplayGuard> replay_guard{};
  std::size_t nonces_max = std::size_t{1} << 20U;
  /// Subjects under which nothing was published, and which signatures begin to write within an
  /// hour; beyond: 429.
  std::size_t new_subjects_per_hour_max = 1000;
};

class Credentials;
struct Visitor;
class Metrics;
class Watchers;
struct Task;

/// What a request names; the server's own matter.
enum class Resource : std::uint8_t;

/// From where a request comes.
enum class Peer : std::uint8_t { this_machine, elsewhere };

/// What one request came to: the response, and what the log tells about it.
struct Answer {
  HttpResponse response;
  std::string subject;  ///< empty where the request concerns none
  std::string who;      ///< the name of the token or the signer; empty where nobody is known
  std::string fault;    ///< what failed inside, where the response does not say it to the client
  bool forged = false;  ///< a signature was verified, and did not count
  Resource resource{};  ///< what was asked for
  /// What the body goes on with, where it does: the response has no length then, and ends with its
  /// connection. Not to be used longer than the service.
  std::shared_ptr<AnswerStream> stream{};
};

/// The protocol without a socket: a request in, a response out. Thread-safe. Waits for the store
/// only.
///
/// Every response is complete: status, `Date`, `Cache-Control`, a JSON error where it refuses. The
/// body of a response to HEAD is empty, and its `Content-Length` field tells the length of the body
/// that GET would get.
class Service {
 public:
  /// `store` and `clock` must outlive this object. Without tokens everybody may do everything.
  Service(ServerStore& store, ServiceConfig config, Clock& clock = system_clock());
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// From the next request on these tokens count; null: everybody may do everything.
  void set_tokens(std::shared_ptr<const TokenSet> tokens);
  /// Whether requests need credentials. Where they need none, everybody may do everything.
  [[nodiscard]] bool asks_for_credentials() const;
  /// From the next request on signatures open only these subjects; null: every one.
  void set_signed_subjects(std::shared_ptr<const SubjectSet> subjects);

  /// From now on `GET /readyz` says that this server takes no more work, although it still does.
  /// Streams of changes end, and no new ones are opened.
  void begin_drain();

  /// What is counted; for who serves this service.
  [[nodiscard]] Metrics& metrics() const { return *metrics_; }

  /// What the head of a request came to: what it names, and who sent it.
  struct Visit;

  /// How a request is best answered.
  enum class Work : std::uint8_t {
    at_once,   ///< waits for nothing: on the thread that serves the connection
    gathered,  ///< a write that shares one wait for the disk with others: `begin_write`
    waiting,   ///< may wait: on a thread that has nothing else to do
  };

  struct Admission {
    /// The answer, where the head of the request alone decides it. The body need not be read.
    std::optional<Answer> refusal{};
    /// A longer body is refused.
    std::size_t body_bytes_max = 0;
    Work work = Work::waiting;
    bool is_to_verify = false;  ///< a signature, before the request is answered
    std::shared_ptr<const Visit> visit{};
  };
  /// Judges a request by its head, before its body is received: route, method, header fields, and
  /// credentials as far as that is cheap: a signature is verified with the rest; and by where it
  /// comes from. `previous` is what an earlier request of the same client came to, and saves work
  /// where the two have one target.
  [[nodiscard]] Admission admit(const HttpRequest& head, Peer peer = Peer::this_machine,
                                const std::shared_ptr<const Visit>& previous = nullptr) const;

  /// Whether so many bytes may be held for the body of an answer.
  using Reserve = std::function<bool(std::size_t bytes)>;
  /// Answers a whole request that was admitted; a signed one is answered once. Where `reserve` is
  /// given it is asked once, before the work is done, with the most that the answer may take; where
  /// it says no, the answer is 503.
  [[nodiscard]] Answer answer(const HttpRequest& request, const Admission& admission,
                              const Context& context, const Reserve& reserve) const;

  /// The same for a request that was not judged yet.
  [[nodiscard]] Answer answer(const HttpRequest& request, const Context& context = {},
                              const Reserve& reserve = {}) const;

  /// A write that was read and is to be done.
  struct Write {
    Subject subject;
    std::variant<Register::Swap, Block> what;
    std::optional<Result<Register::SwapOutcome>> swapped{};  ///< once it was done
    std::optional<Result<void>> stored{};                    ///< the same of a block
  };
  /// Reads a whole request whose work is `gathered`. An answer where it is not right.
  [[nodiscard]] std::variant<Answer, Write> begin_write(const HttpRequest& request,
                                                        const Admission& admission) const;
  /// Does them all, as if one came after the other, and waits for the disk once.
  void write_all(std::span<Write* const> writes, const Context& context) const;
  /// The answer to a write that was done.
  [[nodiscard]] Answer end_write(const HttpRequest& request, const Admission& admission,
                                 const Write& write) const;

  /// The same, where only the response matters.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request, const Context& context = {}) const {
    return answer(request, context).response;
  }

  /// An answer to a request that is not read to its end, or that there is no room for. `head` is
  /// what is known of it, if only its method. `status` may be one that is not in the error table.
  [[nodiscard]] Answer refuse(const HttpRequest& head, int status, const Error& error) const;

 private:
  [[nodiscard]] Work work_of(const HttpRequest& head, const Visit& visit) const;
  [[nodiscard]] Answer finished(const HttpRequest& request, const Visit& visit,
                                Answer answer) const;
  [[nodiscard]] std::optional<Answer> judge(const HttpRequest& head, Visit& visit,
                                            const Visit* previous) const;
  [[nodiscard]] std::optional<Answer> judge_request(const HttpRequest& head,
                                                    const Visit& visit) const;
  [[nodiscard]] std::optional<Answer> judge_open_admin(const HttpRequest& head,
                                                       const Visit& visit) const;
  [[nodiscard]] Answer answer_signed(const HttpRequest& request, const Admission& admission,
                                     const Context& context, const Reserve& reserve) const;
  [[nodiscard]] Task task(const HttpRequest& request, const Visit& visit,
                          const Context& context) const;
  [[nodiscard]] Answer dispatch(const HttpRequest& request, const Visit& visit,
                                const Context& context) const;
  [[nodiscard]] Answer preflight(const HttpRequest& request, const Visit& visit) const;
  void finish(const HttpRequest& request, Answer& answer) const;
  [[nodiscard]] std::size_t body_limit(const HttpRequest& head, const Visit& visit) const;
  [[nodiscard]] std::size_t answer_limit(const HttpRequest& request, const Visit& visit) const;

  ServerStore& store_;
  ServiceConfig config_;
  Clock& clock_;
  std::unique_ptr<Credentials> credentials_;
  std::atomic<bool> draining_{false};
  const std::unique_ptr<Metrics> metrics_;
  const std::unique_ptr<Watchers> watchers_;
};

}  // namespace dialog::server
