#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "dialog/server/service.hpp"
#include "event_loop.hpp"

namespace dialog::server {

/// Does the writes of all connections, one batch after the other, each with one wait for the disk:
/// what comes meanwhile is the next batch. Thread-safe.
///
/// Where many want to change one subject at the same time all but one lose, and if they were told
/// at once all would come again at once, to lose again. So one of them is told with each swap that
/// is accepted, those who came first before the others, and tries again while the rest waits: for
/// `refusal_delay_max` at most, and not where no swap comes any more.
class Gatherer {
 public:
  struct Limits {
    std::chrono::milliseconds request_time_max;
    std::chrono::milliseconds refusal_delay_max;
  };
  /// `service` outlives it. `cancel` is handed to the store.
  Gatherer(const Service& service, const Limits& limits, CancelToken cancel);
  /// Ends after all that was added.
  ~Gatherer();
  Gatherer(const Gatherer&) = delete;
  Gatherer& operator=(const Gatherer&) = delete;

  class Client;
  using Done = std::vector<std::shared_ptr<Client>>;

  /// Whose write it is.
  class Client {
   public:
    Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    virtual ~Client() = default;
    /// Belongs to the gatherer from `add` to the end of the write.
    virtual Service::Write& write() = 0;
    /// Where it is told of the end: those of one place are told together.
    [[nodiscard]] virtual EventLoop& loop() = 0;
    /// Called there.
    virtual void on_written() = 0;
  };

  void add(std::shared_ptr<Client> client);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Loser {
    std::shared_ptr<Client> client;
    Time until;
  };
  /// Who lost on one subject and was not told yet.
  struct Hot {
    std::deque<Loser> losers;
    Time next{};                         ///< when one of them is told although no swap was accepted
    std::optional<HeadRecord> latest{};  ///< of the swaps that were accepted meanwhile
  };

  void run();
  void write(const Done& batch, Done& done);
  void sort_out(const Done& batch, Done& done);
  void let_go(Hot& hot, Done& done);
  void let_go_in_time(Done& done);
  [[nodiscard]] Time next_time() const;
  static void tell(const Done& done);

  const Service& service_;
  const Limits limits_;
  const CancelToken cancel_;

  // Of the thread alone:
  std::unordered_map<std::string, Hot> hot_;
  Time::duration patience_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  Done waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dialog::server
