#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/http/watch_messages.hpp"
#include "dialog/remote/register.hpp"
#include "dialog/server/answer_stream.hpp"

namespace dialog::server {

class WatchStream;

/// Who watches which subject, and what of it changed lately. Only what is durable is told. Holds
/// little for a watcher that waits: where it stands, and whom to wake. What a watcher missed is
/// read from the register, so that a slow one costs no more than a quick one. Thread-safe.
class Watchers {
 public:
  struct Options {
    std::size_t streams_max = 0;
    /// How long changes may go unseen that nobody told here: of another server on the same
    /// register.
    std::chrono::nanoseconds look_again = std::chrono::seconds(15);
  };
  /// The other arguments must outlive this object, and this object the streams.
  Watchers(Register& heads, Options options, Clock& clock);
  ~Watchers();
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  /// A stream of the changes of a subject, from `last` on. Without it the first event is what the
  /// register holds. `may_go_on` is asked, by `AnswerStream::look`, whether the client may still be
  /// told. Null where as many are open as may be, or no more are wanted.
  [[nodiscard]] std::shared_ptr<AnswerStream> open(const Subject& subject,
                                                   const std::optional<wire::WatchPosition>& last,
                                                   std::function<bool()> may_go_on);

  /// A swap was accepted, and is durable.
  void tell(const Subject& subject, const HeadRecord& record);
  /// Something else happened to the subject, such as that it was deleted.
  void tell_changed(const Subject& subject);

  /// Has every stream judge anew whether its client may still be told.
  void judge_again();
  /// Ends all streams, and opens no more.
  void end_all();

  struct Usage {
    std::size_t streams = 0;
    std::size_t subjects = 0;  ///< that are watched
    std::size_t bytes = 0;     ///< held for both, about
    std::uint64_t events = 0;  ///< told so far
  };
  [[nodiscard]] Usage usage() const;

 private:
  friend class WatchStream;
  // A change as watchers get it; they share its text.
  struct Change {
    wire::WatchPosition position;
    Revision previous;
    std::shared_ptr<const std::string> text;
  };
  struct Topic {
    explicit Topic(Subject subject_in) : subject(std::move(subject_in)) {}
    const Subject subject;
    std::size_t streams = 0;
    std::uint64_t changes = 1;  // counts what may be new
    std::optional<wire::WatchPosition> newest;
    std::optional<MonotonicTime> looked;
    std::vector<Change> recent;  // by sequence, a few
    std::vector<WatchStream*> asleep;
  };
  using Wakes = std::vector<std::function<void()>>;

  static void collect_asleep(Topic& topic, Wakes& wakes);
  void wake_all();
  void close(WatchStream& stream);

  Register& heads_;
  const Options options_;
  Clock& clock_;
  std::atomic<std::size_t> streams_{0};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> judgement_{0};
  std::atomic<bool> ended_{false};
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Topic>> topics_;
};

/// One client's stream.
class WatchStream final : public AnswerStream {
 public:
  WatchStream(Watchers& watchers, std::shared_ptr<Watchers::Topic> topic,
              const std::optional<wire::WatchPosition>& last, std::function<bool()> may_go_on);
  ~WatchStream() override;
  std::optional<Piece> ready() override;
  Piece look(const Context& context) override;
  bool sleep(std::function<void()> wake) override;
  [[nodiscard]] std::string_view heartbeat() const override { return ":\n\n"; }

 private:
  friend class Watchers;
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] Result<Bytes> catch_up(const std::optional<HeadRecord>& head,
                                       const Context& context);
  [[nodiscard]] bool follows(const HeadHistory& history) const;
  void remember(const std::optional<HeadRecord>& head, bool due);
  Bytes told(const wire::WatchEvent& event);

  Watchers& watchers_;
  const std::shared_ptr<Watchers::Topic> topic_;
  const std::function<bool()> may_go_on_;
  std::optional<wire::WatchPosition> at_;  // absent until something was told or known to be absent
  std::uint64_t seen_changes_ = 0;
  std::uint64_t seen_judgement_;
  bool asleep_ = false;  // guarded by the mutex of `watchers_`, as is the next
  std::function<void()> wake_;
};

}  // namespace dialog::server
