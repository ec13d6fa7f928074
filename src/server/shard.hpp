#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "addresses.hpp"
#include "event_loop.hpp"
#include "stream.hpp"

namespace dialog::server {

class ServerCore;
class Session;

/// The connections that one thread serves. All but `loop.post` belongs to that thread.
class Shard {
 public:
  explicit Shard(ServerCore& core);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// `on_time` is called with the times of `loop.wake_at`, too.
  Result<void> open(std::function<void(EventLoop::Time)> on_time = {});

  void take(Stream stream, const Address& peer, std::optional<AddressTable::Lease> lease);
  /// The session lives on to the end of the present round: it may be among those who are ready.
  void let_go(Session& session);

  void begin_stop();
  void close_all();

  EventLoop loop;
  /// Where sessions read to. What is in it belongs to the session that runs, while it runs.
  std::array<char, std::size_t{64} * 1024> scratch;

 private:
  void on_time(EventLoop::Time now);
  template <class Action>
  void for_each_session(Action action);

  ServerCore& core_;
  std::function<void(EventLoop::Time)> on_time_;
  std::unordered_map<const Session*, std::shared_ptr<Session>> sessions_;
  std::vector<std::shared_ptr<Session>> gone_;
};

}  // namespace dialog::server
