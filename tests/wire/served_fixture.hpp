#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dialog/base/random.hpp"
#include "dialog/remote/memory_backend.hpp"
#include "protocol_fixture.hpp"
#include "support/forwarding_store.hpp"

namespace dialog::test {

/// The head of a request, to which fields can be added.
inline const std::string kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n";

/// Keeps what a server tells.
class CapturingLog final : public server::Log {
 public:
  void request(const server::AccessRecord& record) override {
    const std::lock_guard lock(mutex_);
    records_.push_back(record);
    changed_.notify_all();
  }
  void event(server::Severity, std::string_view name, std::string_view) override {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(name);
    changed_.notify_all();
  }
  /// Waits until so many requests were logged: that happens after the client has its response.
  std::vector<server::AccessRecord> records(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return records_.size() >= count; });
    return records_;
  }
  /// Waits until a request was answered with this status.
  void wait_for_status(int status) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return std::any_of(records_.begin(), records_.end(),
                         [&](const auto& record) { return record.status == status; });
    });
  }
  std::size_t event_count(std::string_view name) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(events_.begin(), events_.end(), name));
  }
  void wait_for_event(std::string_view name) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return std::find(events_.begin(), events_.end(), name) != events_.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<server::AccessRecord> records_;
  std::vector<std::string> events_;
};

/// A store whose register lets nobody through while its gate is shut.
class GatedStore final : public ForwardingStore, private Register {
 public:
  Register& head_register() override { return *this; }
  [[nodiscard]] Result<void> check_writable() const override {
    if (lost_) return fail(*lost_);
    return {};
  }

  void shut() { shut_ = true; }
  void open() {
    const std::lock_guard lock(mutex_);
    shut_ = false;
    changed_.notify_all();
  }
  /// Until so many calls stand before the gate.
  void wait_for_waiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  /// Makes calls before the gate fail once they are cancelled.
  void obey_cancellation() { obey_ = true; }
  void fail_with(Error error) { failure_ = std::move(error); }
  void lose_writes(Error error) { lost_ = std::move(error); }
  /// Keeps no swap up to this number in the histories.
  void forget_until(std::uint64_t sequence) { forgotten_ = sequence; }

 private:
  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override {
    DIALOG_TRY(pass(context));
    return store_.head_register().read(subject, context);
  }
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override {
    DIALOG_TRY(pass(context));
    return store_.head_register().swap(subject, swap, context);
  }
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override {
    DIALOG_TRY(pass(context));
    const std::uint64_t from = std::max(after, forgotten_);
    DIALOG_ASSIGN(HeadHistory history,
                  store_.head_register().history(subject, from, limit, context));
    if (from > after) history.complete = false;
    return history;
  }
  Result<void> pass(const Context& context) {
    if (failure_) return fail(*failure_);
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    while (shut_) {
      if (obey_ && context.cancel.cancelled()) break;
      changed_.wait_for(lock, std::chrono::milliseconds(1));
    }
    --waiting_;
    if (shut_) return fail(ErrorCode::cancelled, "cancelled before the gate");
    return {};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> shut_{false};
  std::atomic<bool> obey_{false};
  int waiting_ = 0;
  std::optional<Error> failure_;
  std::optional<Error> lost_;
  std::uint64_t forgotten_ = 0;
};

/// A server on a free port of this machine.
class ServedTest : public testing::Test {
 protected:
  void serve(server::ServerConfig config = {}, server::ServiceConfig service = {}) {
    service_ = std::make_unique<server::Service>(store_, std::move(service));
    server_ = std::make_unique<server::Server>(*service_, std::move(config), log_);
    const auto started = server_->start();
    ASSERT_TRUE(started.has_value()) << started.error().message;
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  /// The status that these bytes get on a new connection; 0 where the connection just ends.
  int status_of(std::string_view bytes) {
    RawClient client(port());
    client.send(bytes);
    const auto response = client.receive();
    return response ? response->status : 0;
  }

  GatedStore store_;
  CapturingLog log_;
  std::unique_ptr<server::Service> service_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace dialog::test
