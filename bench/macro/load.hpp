#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dialog::bench {

/// What the end of a received text says.
struct Reply {
  enum class Kind {
    incomplete,  ///< more bytes are needed
    done,
    lost,  ///< another client was faster: the next request tries again
  };
  Kind kind = Kind::incomplete;
  std::size_t bytes = 0;  ///< of the answer, where it is complete
};

/// One connection of a load, in the wire of one server.
class LoadClient {
 public:
  LoadClient() = default;
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;
  virtual ~LoadClient() = default;

  /// What a connection has to say before anything else; its answer is taken, too. Empty: nothing.
  virtual std::string_view greeting() { return {}; }
  /// The next whole request. Valid until the next call.
  virtual std::string_view next() = 0;
  /// Looks for one whole answer at the start of `received`. Ends the program where it is a refusal.
  virtual Reply take(std::string_view received) = 0;
};

/// Keep-alive connections to the loopback, from one thread with epoll. Every server of a run meets
/// this same load.
struct Load {
  std::uint16_t port = 0;
  int clients = 1;
  double seconds = 2;
  /// Ends earlier once so many were done; 0: only by time.
  std::size_t done_max = 0;
  /// 0: a closed loop, where each client sends its next request when it has the last answer.
  /// Otherwise requests are due at this rate, whoever is free sends them, and a latency counts from
  /// when its request was due.
  double per_second = 0;
  std::function<std::unique_ptr<LoadClient>(int number)> client;
};

struct LoadResult {
  double per_second = 0;  ///< done; what was lost does not count
  double p50_us = 0;
  double p99_us = 0;
  std::uint64_t least = 0;  ///< done by the client that did least
  std::uint64_t most = 0;
};

LoadResult run_load(const Load& load);

/// Connections that were used once and stay open, idle.
class IdleConnections {
 public:
  IdleConnections(std::uint16_t port, int count,
                  const std::function<std::unique_ptr<LoadClient>(int)>& client);
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;
  ~IdleConnections();

 private:
  std::vector<int> sockets_;
};

/// Lets this program open as many files as the system allows.
void take_all_descriptors();

}  // namespace dialog::bench
