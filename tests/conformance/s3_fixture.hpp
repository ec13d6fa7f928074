#pragma once

#include <memory>

#include "archive_fixture.hpp"
#include "backend_memory_fixture.hpp"
#include "dialog/base/check.hpp"
#include "dialog/cloud/s3_archive.hpp"
#include "dialog/cloud/s3_register.hpp"
#include "dialog/remote/composed_server_store.hpp"
#include "register_fixture.hpp"
#include "server_store_fixture.hpp"
#include "support/fake_s3.hpp"

namespace dialog::test {

/// A bucket of the stand-in, and what is made on it.
class FakeBucket {
 public:
  explicit FakeBucket(Clock& clock)
      : store_(std::make_shared<FakeS3>(clock)), transport_{store_, &clock, &system_random()} {}

  FakeS3& store() { return *store_; }
  std::shared_ptr<S3Register> heads() {
    auto made = S3Register::create(store_->config(), transport_);
    DIALOG_CHECK(made.has_value(), "the register of a test");
    return *std::move(made);
  }
  std::unique_ptr<S3Archive> archive(const Subject& subject) {
    auto made = S3Archive::create(store_->config(), transport_, subject);
    DIALOG_CHECK(made.has_value(), "the archive of a test");
    return *std::move(made);
  }
  S3Archive::Factory archives() {
    auto made = S3Archive::factory(store_->config(), transport_);
    DIALOG_CHECK(made.has_value(), "the archives of a test");
    return *std::move(made);
  }

 private:
  std::shared_ptr<FakeS3> store_;
  HttpTransport transport_;
};

class S3RegisterFixture final : public RegisterFixture {
 public:
  Register& heads() override { return *heads_; }
  void reopen() override { heads_ = bucket_.heads(); }

 private:
  ManualClock clock_;
  FakeBucket bucket_{clock_};
  std::shared_ptr<Register> heads_ = bucket_.heads();
};

/// Two registers over one bucket, used by turns: each finds what the other wrote.
class S3TurnsFixture final : public RegisterFixture {
 public:
  Register& heads() override { return turns_; }
  void reopen() override { turns_.renew(bucket_); }

 private:
  class Turns final : public Register {
   public:
    explicit Turns(FakeBucket& bucket) { renew(bucket); }
    void renew(FakeBucket& bucket) {
      for (auto& each : registers_) each = bucket.heads();
    }
    Result<std::optional<HeadRecord>> read(const Subject& subject,
                                           const Context& context) override {
      return next().read(subject, context);
    }
    Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                             const Context& context) override {
      return next().swap(subject, swap, context);
    }
    Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                                const Context& context) override {
      return next().history(subject, after, limit, context);
    }

   private:
    Register& next() { return *registers_[turn_++ % 2]; }
    std::shared_ptr<Register> registers_[2];
    std::atomic<std::size_t> turn_ = 0;
  };

  ManualClock clock_;
  FakeBucket bucket_{clock_};
  Turns turns_{bucket_};
};

class S3BackendFixture final : public BackendFixture {
 public:
  std::unique_ptr<RevisionBackend> connect() override {
    return std::make_unique<RegisterBackend>(register_, clock_);
  }
  Clock& clock() override { return clock_; }
  std::uint64_t calls() override { return register_->calls; }
  void lose_next_answer() override { register_->lose_answer = true; }
  void lose_next_request() override { register_->lose_request = true; }
  bool has_history() override { return true; }
  std::uint64_t history_max() override { return 100; }

 private:
  ManualClock clock_;
  FakeBucket bucket_{clock_};
  std::shared_ptr<LosingRegister> register_ = std::make_shared<LosingRegister>(bucket_.heads());
};

class S3ArchiveFixture final : public ArchiveFixture {
 public:
  Archive& archive() override { return *archive_; }
  void reopen() override { archive_ = bucket_.archive(subject_named("one")); }
  Clock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  FakeBucket bucket_{clock_};
  std::unique_ptr<Archive> archive_ = bucket_.archive(subject_named("one"));
};

/// A server's store on a bucket.
class S3ServerStoreFixture final : public ServerStoreFixture {
 public:
  ServerStore& store() override { return *store_; }
  void reopen() override { store_ = open(); }

 private:
  std::unique_ptr<ServerStore> open() {
    return std::make_unique<ComposedServerStore>(
        ComposedServerStore::Parts{bucket_.heads(), bucket_.archives(), {}});
  }

  FakeBucket bucket_{system_clock()};
  std::unique_ptr<ServerStore> store_ = open();
};

}  // namespace dialog::test
