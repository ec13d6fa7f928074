#include "watchers.hpp"

#include <algorithm>
#include <utility>

namespace dialog::server {
namespace {

// Changes of a watched subject that are kept for whoever is not quite up to date.
constexpr std::size_t kRecentMax = 16;
// Changes that are read from the register, and sent, at once.
constexpr std::size_t kPageRecords = 16;

}  // namespace

Watchers::Watchers(Register& heads, Options options, Clock& clock)
    : heads_(heads), options_(options), clock_(clock) {}
Watchers::~Watchers() = default;

std::shared_ptr<AnswerStream> Watchers::open(const Subject& subject,
                                             const std::optional<wire::WatchPosition>& last,
                                             std::function<bool()> may_go_on) {
  const std::lock_guard lock(mutex_);
  if (ended_ || streams_ >= options_.streams_max) return nullptr;
  auto& topic = topics_[subject.did()];
  if (!topic) topic = std::make_shared<Topic>(subject);
  ++topic->streams;
  ++streams_;
  return std::make_shared<WatchStream>(*this, topic, last, std::move(may_go_on));
}

void Watchers::close(WatchStream& stream) {
  const std::lock_guard lock(mutex_);
  --streams_;
  Topic& topic = *stream.topic_;
  if (stream.asleep_) std::erase(topic.asleep, &stream);
  if (--topic.streams == 0) topics_.erase(topic.subject.did());
}

void Watchers::collect_asleep(Topic& topic, Wakes& wakes) {
  for (WatchStream* stream : topic.asleep) {
    stream->asleep_ = false;
    wakes.push_back(std::exchange(stream->wake_, nullptr));
  }
  topic.asleep.clear();
}

void Watchers::tell(const Subject& subject, const HeadRecord& record) {
  // Whoever begins to watch looks at the register after having been counted, and so sees this
  // change.
  if (streams_ == 0) return;
  Wakes wakes;
  {
    const std::lock_guard lock(mutex_);
    const auto found = topics_.find(subject.did());
    if (found == topics_.end()) return;
    Topic& topic = *found->second;
    const wire::WatchPosition position{record.sequence, record.revision};
    auto& recent = topic.recent;
    // Two swaps may be told in another order than that in which they were accepted.
    const auto place = std::lower_bound(
        recent.begin(), recent.end(), position.sequence,
        [](const Change& change, std::uint64_t at) { return change.position.sequence < at; });
    if (place != recent.end() && place->position.sequence == position.sequence) {
      recent.clear();  // the subject began anew
    } else {
      const wire::WatchEvent event{wire::WatchEvent::Kind::head, record};
      recent.insert(place, {position, record.previous,
                            std::make_shared<const std::string>(wire::print_watch_event(event))});
      if (recent.size() > kRecentMax) recent.erase(recent.begin());
    }
    if (!topic.newest || topic.newest->sequence < position.sequence) topic.newest = position;
    ++topic.changes;
    collect_asleep(topic, wakes);
  }
  for (const auto& wake : wakes) wake();
}

void Watchers::tell_changed(const Subject& subject) {
  if (streams_ == 0) return;
  Wakes wakes;
  {
    const std::lock_guard lock(mutex_);
    const auto found = topics_.find(subject.did());
    if (found == topics_.end()) return;
    Topic& topic = *found->second;
    topic.recent.clear();
    topic.newest.reset();
    topic.looked.reset();
    ++topic.changes;
    collect_asleep(topic, wakes);
  }
  for (const auto& wake : wakes) wake();
}

void Watchers::wake_all() {
  Wakes wakes;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [did, topic] : topics_) {
      ++topic->changes;
      collect_asleep(*topic, wakes);
    }
  }
  for (const auto& wake : wakes) wake();
}

void Watchers::judge_again() {
  ++judgement_;
  wake_all();
}

void Watchers::end_all() {
  ended_ = true;
  wake_all();
}

Watchers::Usage Watchers::usage() const {
  const std::lock_guard lock(mutex_);
  Usage usage{streams_, topics_.size(), 0, events_};
  // Beside itself a stream has the blocks of memory of its pointers and of its two functions.
  constexpr std::size_t kAllocations = 4 * 32;
  usage.bytes = streams_ * (sizeof(WatchStream) + kAllocations);
  for (const auto& [did, topic] : topics_) {
    usage.bytes += sizeof(Topic) + kAllocations + 2 * did.capacity();
    usage.bytes += topic->asleep.capacity() * sizeof(WatchStream*);
    usage.bytes += topic->recent.capacity() * sizeof(Change);
    for (const Change& change : topic->recent)
      usage.bytes += sizeof(std::string) + change.text->capacity();
  }
  return usage;
}

WatchStream::WatchStream(Watchers& watchers, std::shared_ptr<Watchers::Topic> topic,
                         const std::optional<wire::WatchPosition>& last,
                         std::function<bool()> may_go_on)
    : watchers_(watchers),
      topic_(std::move(topic)),
      may_go_on_(std::move(may_go_on)),
      at_(last),
      seen_judgement_(watchers.judgement_) {}

WatchStream::~WatchStream() { watchers_.close(*this); }

// Whether the register itself is to be asked. Under the mutex of all.
bool WatchStream::is_due() const {
  const auto& looked = topic_->looked;
  return !looked || *looked + watchers_.options_.look_again <= watchers_.clock_.now();
}

std::optional<AnswerStream::Piece> WatchStream::ready() {
  if (watchers_.ended_) return Piece{{}, true};
  if (seen_judgement_ != watchers_.judgement_ || !at_) return std::nullopt;
  const std::lock_guard lock(watchers_.mutex_);
  Piece piece;
  for (const auto& change : topic_->recent) {
    if (change.position.sequence != at_->sequence + 1 || change.previous != at_->revision) continue;
    piece.bytes.append(*change.text);
    at_ = change.position;
    ++watchers_.events_;
  }
  if (piece.bytes.empty() && (topic_->newest != at_ || is_due())) return std::nullopt;
  seen_changes_ = topic_->changes;
  return piece;
}

AnswerStream::Piece WatchStream::look(const Context& context) {
  const std::uint64_t judgement = watchers_.judgement_;
  if (watchers_.ended_ || (may_go_on_ && !may_go_on_())) return {{}, true};
  seen_judgement_ = judgement;
  if (auto piece = ready()) return *std::move(piece);
  bool due = false;
  {
    // Before the register is read: what is told while that happens may not be in it.
    const std::lock_guard lock(watchers_.mutex_);
    seen_changes_ = topic_->changes;
    due = is_due();
  }
  const auto head = watchers_.heads_.read(topic_->subject, context);
  if (!head) return {{}, true};
  auto bytes = catch_up(*head, context);
  if (!bytes) return {{}, true};
  remember(*head, due);
  return {*std::move(bytes), false};
}

// What the register shows, for all who watch the subject.
void WatchStream::remember(const std::optional<HeadRecord>& head, bool due) {
  Watchers::Wakes wakes;
  {
    const std::lock_guard lock(watchers_.mutex_);
    topic_->looked = watchers_.clock_.now();
    // Who waits has had these long ago; who is slow reads them from the register.
    if (due) std::exchange(topic_->recent, std::vector<Watchers::Change>());
    const wire::WatchPosition shown =
        head ? wire::WatchPosition{head->sequence, head->revision} : wire::WatchPosition{};
    if (topic_->newest != shown && seen_changes_ == topic_->changes) {
      topic_->newest = shown;
      ++topic_->changes;
      ++seen_changes_;
      Watchers::collect_asleep(*topic_, wakes);
    }
  }
  for (const auto& wake : wakes) wake();
}

Bytes WatchStream::told(const wire::WatchEvent& event) {
  at_ = event.position();
  ++watchers_.events_;
  return wire::print_watch_event(event);
}

Result<Bytes> WatchStream::catch_up(const std::optional<HeadRecord>& head, const Context& context) {
  using Kind = wire::WatchEvent::Kind;
  const wire::WatchPosition shown =
      head ? wire::WatchPosition{head->sequence, head->revision} : wire::WatchPosition{};
  if (!at_) {
    if (head) return told({Kind::head, head});
    at_ = shown;
    return Bytes();
  }
  if (shown == *at_) return Bytes();
  if (shown.sequence <= at_->sequence) return told({Kind::reset, head});
  DIALOG_ASSIGN(const HeadHistory history,
                watchers_.heads_.history(topic_->subject, at_->sequence, kPageRecords, context));
  if (!follows(history)) return told({Kind::reset, head});
  Bytes bytes;
  for (const HeadRecord& record : history.records) bytes += told({Kind::head, record});
  return bytes;
}

// Whether these are the changes from where this stream stands, without a gap.
bool WatchStream::follows(const HeadHistory& history) const {
  wire::WatchPosition at = *at_;
  for (const HeadRecord& record : history.records) {
    if (record.sequence != at.sequence + 1 || record.previous != at.revision) return false;
    at = {record.sequence, record.revision};
  }
  return !history.records.empty();
}

bool WatchStream::sleep(std::function<void()> wake) {
  const std::lock_guard lock(watchers_.mutex_);
  if (seen_changes_ != topic_->changes) return false;
  wake_ = std::move(wake);
  if (!std::exchange(asleep_, true)) topic_->asleep.push_back(this);
  return true;
}

}  // namespace dialog::server
