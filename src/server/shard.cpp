#include "shard.hpp"

#include <utility>

#include "core.hpp"
#include "session.hpp"

namespace dialog::server {

Shard::Shard(ServerCore& core) : core_(core) {}
Shard::~Shard() = default;

Result<void> Shard::open(std::function<void(EventLoop::Time)> on_time) {
  on_time_ = std::move(on_time);
  return loop.open({.on_time = [this](EventLoop::Time now) { this->on_time(now); },
                    .after_events = [this] { gone_.clear(); },
                    .on_failure =
                        [this](const char* what) {
                          // Out of memory, at worst: one connection suffers, the others go on.
                          core_.log.event(Severity::error, "io_failed", what);
                        }});
}

void Shard::take(Stream stream, const Address& peer, std::optional<AddressTable::Lease> lease) {
  auto session = std::make_shared<Session>(core_, *this, std::move(stream), peer, std::move(lease));
  Session& started = *session;
  sessions_.emplace(&started, std::move(session));
  started.start();
}

void Shard::let_go(Session& session) {
  const auto at = sessions_.find(&session);
  if (at == sessions_.end()) return;
  gone_.push_back(std::move(at->second));
  sessions_.erase(at);
}

// Sessions go while they are visited.
template <class Action>
void Shard::for_each_session(Action action) {
  std::vector<Session*> live;
  live.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_) live.push_back(session.get());
  for (Session* const session : live) action(*session);
}

void Shard::on_time(EventLoop::Time now) {
  if (on_time_) on_time_(now);
  std::vector<Session*> late;
  for (const auto& [key, session] : sessions_) {
    if (session->deadline() <= now) {
      late.push_back(session.get());
    } else {
      loop.wake_at(session->deadline());
    }
  }
  for (Session* const session : late) session->on_late();
}

void Shard::begin_stop() {
  for_each_session([](Session& session) { session.begin_stop(); });
}

void Shard::close_all() {
  for_each_session([](Session& session) { session.close(); });
}

}  // namespace dialog::server
