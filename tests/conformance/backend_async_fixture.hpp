#pragma once

#include <memory>
#include <utility>

#include "backend_http_fixture.hpp"
#include "dialog/async/async_backend.hpp"

namespace dialog::test {

/// An asynchronous backend whose caller waits for every future.
class WaitingBackend final : public RevisionBackend {
 public:
  explicit WaitingBackend(AsyncBackend inner) : inner_(std::move(inner)) {}

 private:
  RemoteResult<std::optional<Revision>> do_revision(const Subject& subject) const override {
    return inner_.revision(subject);
  }
  RemoteResult<Head> do_fetch(const Subject& subject, const Context& context) override {
    return inner_.fetch_head(subject, context).get();
  }
  RemoteResult<Head> do_swap(const Subject& subject, const Revision& expected,
                             const Revision& desired, const Context& context) override {
    return inner_.swap_head(subject, expected, desired, context).get();
  }
  RemoteResult<std::optional<HeadHistory>> do_history(const Subject& subject, std::uint64_t after,
                                                      const Context& context) override {
    return inner_.history(subject, after, context).get();
  }
  std::unique_ptr<RevisionBackend> do_clone() const override {
    return std::make_unique<WaitingBackend>(inner_.clone());
  }

  AsyncBackend inner_;
};

/// The backends of another fixture, run on a pool of threads.
template <class Inner>
class AsyncFixture final : public BackendFixture {
 public:
  std::unique_ptr<RevisionBackend> connect() override {
    return std::make_unique<WaitingBackend>(AsyncBackend(inner_.connect(), pool_));
  }
  Clock& clock() override { return inner_.clock(); }
  std::uint64_t calls() override { return inner_.calls(); }
  void lose_next_answer() override { inner_.lose_next_answer(); }
  void lose_next_request() override { inner_.lose_next_request(); }
  bool has_history() override { return inner_.has_history(); }

 private:
  Inner inner_;
  std::shared_ptr<ThreadPool> pool_ = std::make_shared<ThreadPool>();
};

}  // namespace dialog::test
