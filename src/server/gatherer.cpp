#include "gatherer.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "dialog/base/clock.hpp"

namespace dialog::server {
namespace {

using namespace std::chrono_literals;

// How long the one who was told may take to come again before the next one is told: so many times
// what the last batch took, within bounds.
constexpr int kPatienceInBatches = 4;
constexpr auto kPatienceMin = 2ms;
constexpr auto kPatienceMax = 20ms;

const Register::SwapOutcome* swap_outcome(const Service::Write& write) {
  return write.swapped && *write.swapped ? &**write.swapped : nullptr;
}

// What is the latest by now, unless that is what the loser expected.
void bring_up_to_date(Service::Write& write, const HeadRecord& latest) {
  const auto& swap = std::get<Register::Swap>(write.what);
  auto& refused = std::get<Register::Refused>(**write.swapped);
  if (latest.sequence <= refused.actual->sequence) return;
  if (swap.must_create || latest.revision != swap.expected) refused.actual = latest;
}

}  // namespace

Gatherer::Gatherer(const Service& service, const Limits& limits, CancelToken cancel)
    : service_(service), limits_(limits), cancel_(std::move(cancel)), thread_([this] { run(); }) {}

Gatherer::~Gatherer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Gatherer::add(std::shared_ptr<Client> client) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = waiting_.empty();
    waiting_.push_back(std::move(client));
  }
  if (is_first) changed_.notify_one();
}

void Gatherer::run() {
  Done batch;
  Done done;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto is_wanted = [this] { return stopping_ || !waiting_.empty(); };
      if (hot_.empty()) {
        changed_.wait(lock, is_wanted);
      } else {
        changed_.wait_until(lock, next_time(), is_wanted);
      }
      if (stopping_ && waiting_.empty()) {
        for (auto& [subject, hot] : hot_) {
          while (!hot.losers.empty()) let_go(hot, done);
        }
        break;
      }
      batch.swap(waiting_);
    }
    if (!batch.empty()) write(batch, done);
    let_go_in_time(done);
    batch.clear();
    tell(done);
    done.clear();
  }
  tell(done);
}

void Gatherer::write(const Done& batch, Done& done) {
  const Time start = std::chrono::steady_clock::now();
  std::vector<Service::Write*> writes;
  writes.reserve(batch.size());
  for (const auto& client : batch) writes.push_back(&client->write());
  const Context context{.deadline = system_clock().now() + limits_.request_time_max,
                        .cancel = cancel_};
  try {
    service_.write_all(writes, context);
  } catch (const std::exception& failure) {
    for (Service::Write* const write : writes) {
      const auto failed = fail(ErrorCode::internal, failure.what());
      if (std::holds_alternative<Block>(write->what)) {
        write->stored = Result<void>(failed);
      } else {
        write->swapped = Result<Register::SwapOutcome>(failed);
      }
    }
  }
  patience_ = std::clamp<Time::duration>(
      kPatienceInBatches * (std::chrono::steady_clock::now() - start), kPatienceMin, kPatienceMax);
  sort_out(batch, done);
}

// Who lost is told before who won: so that the one who was told has the better chance now.
void Gatherer::sort_out(const Done& batch, Done& done) {
  const Time now = std::chrono::steady_clock::now();
  Done told;
  std::vector<const Service::Write*> changed;
  for (const auto& client : batch) {
    const Service::Write& write = client->write();
    const auto* outcome = swap_outcome(write);
    const auto* refused = outcome != nullptr ? std::get_if<Register::Refused>(outcome) : nullptr;
    if (refused != nullptr && refused->actual && limits_.refusal_delay_max > 0ms) {
      Hot& hot = hot_[write.subject.did()];
      if (hot.losers.empty()) hot.next = now;
      hot.losers.push_back({client, now + limits_.refusal_delay_max});
      continue;
    }
    told.push_back(client);
    if (outcome != nullptr && refused == nullptr) changed.push_back(&write);
  }
  std::vector<Hot*> moved;
  for (const Service::Write* const write : changed) {
    const auto at = hot_.find(write->subject.did());
    if (at == hot_.end()) continue;
    at->second.latest = std::get<Register::Accepted>(*swap_outcome(*write)).record;
    moved.push_back(&at->second);
  }
  for (Hot* const hot : moved) let_go(*hot, done);
  let_go_in_time(done);
  done.insert(done.end(), told.begin(), told.end());
}

void Gatherer::let_go(Hot& hot, Done& done) {
  if (hot.losers.empty()) return;
  if (hot.latest) bring_up_to_date(hot.losers.front().client->write(), *hot.latest);
  done.push_back(std::move(hot.losers.front().client));
  hot.losers.pop_front();
  hot.next = std::chrono::steady_clock::now() + patience_;
}

void Gatherer::let_go_in_time(Done& done) {
  const Time now = std::chrono::steady_clock::now();
  for (auto at = hot_.begin(); at != hot_.end();) {
    Hot& hot = at->second;
    while (!hot.losers.empty() && (hot.next <= now || hot.losers.front().until <= now)) {
      let_go(hot, done);
    }
    at = hot.losers.empty() ? hot_.erase(at) : std::next(at);
  }
}

Gatherer::Time Gatherer::next_time() const {
  Time next = Time::max();
  for (const auto& [subject, hot] : hot_) {
    next = std::min({next, hot.next, hot.losers.front().until});
  }
  return next;
}

void Gatherer::tell(const Done& done) {
  for (auto at = done.begin(); at != done.end();) {
    EventLoop& loop = (*at)->loop();
    Done here;
    for (; at != done.end() && &(*at)->loop() == &loop; ++at) here.push_back(*at);
    loop.post([here = std::move(here)] {
      for (const auto& client : here) client->on_written();
    });
  }
}

}  // namespace dialog::server
