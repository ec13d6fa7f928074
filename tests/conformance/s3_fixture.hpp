#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "cloud_fixture.hpp"
#include "dialog/base/check.hpp"
#include "dialog/cloud/s3_archives.hpp"
#include "dialog/cloud/s3_register.hpp"
#include "dialog/cloud/s3_revocations.hpp"
#include "support/fake_s3.hpp"

namespace dialog::test {

/// What is made on a bucket.
class Bucket {
 public:
  static std::uint64_t history_kept() { return 100; }

  Bucket(S3Config config, HttpTransport transport, ParallelFor parallel_for = {})
      : config_(std::move(config)),
        transport_(std::move(transport)),
        parallel_for_(std::move(parallel_for)) {}

  std::shared_ptr<SharedRegister> heads() {
    auto made = S3Register::create(config_, transport_, parallel_for_);
    DIALOG_CHECK(made.has_value(), "the register of a test");
    return *std::move(made);
  }
  std::shared_ptr<RevocationStore> revocations() {
    auto made = S3Revocations::create(config_, transport_);
    DIALOG_CHECK(made.has_value(), "the revocations of a test");
    return *std::move(made);
  }
  std::unique_ptr<Archive> archive(const Subject& subject) {
    auto made = S3Archive::create(config_, transport_, subject, parallel_for_);
    DIALOG_CHECK(made.has_value(), "the archive of a test");
    return *std::move(made);
  }
  std::shared_ptr<SharedArchives> archives() {
    auto made = S3Archives::create(config_, transport_, parallel_for_);
    DIALOG_CHECK(made.has_value(), "the archives of a test");
    return *std::move(made);
  }

 private:
  S3Config config_;
  HttpTransport transport_;
  ParallelFor parallel_for_;
};

/// One of the stand-in.
class FakeBucket : public Bucket {
 public:
  FakeBucket() : FakeBucket(std::make_shared<FakeS3>(system_clock())) {}

 private:
  explicit FakeBucket(const std::shared_ptr<FakeS3>& store)
      : Bucket(store->config(), {store, &system_clock(), &system_random()}) {}
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

  FakeBucket bucket_;
  Turns turns_{bucket_};
};

}  // namespace dialog::test
