#pragma once

#include <memory>
#include <string>
#include <utility>

#include "dialog/base/check.hpp"
#include "dialog/cloud/etcd_register.hpp"
#include "register_fixture.hpp"
#include "support/fake_etcd.hpp"

namespace dialog::test {

inline std::unique_ptr<EtcdRegister> open_etcd(const std::string& url, HttpTransport transport,
                                               EtcdOptions options = {}) {
  auto address = EtcdAddress::parse(url);
  DIALOG_CHECK(address.has_value(), "the address of a test's etcd");
  auto heads = EtcdRegister::create(*std::move(address), std::move(options), std::move(transport));
  DIALOG_CHECK(heads.has_value(), "the options of a test's etcd");
  return *std::move(heads);
}

/// Another process that opens the register is one that remembers nothing.
class FakeEtcdFixture final : public RegisterFixture {
 public:
  Register& heads() override { return *heads_; }
  void reopen() override { heads_ = open(); }

 private:
  std::unique_ptr<EtcdRegister> open() {
    return open_etcd("etcd://one,two,three", {cluster_, &clock_, &system_random()});
  }

  ManualClock clock_;
  std::shared_ptr<FakeEtcd> cluster_ = std::make_shared<FakeEtcd>(clock_);
  std::unique_ptr<EtcdRegister> heads_ = open();
};

}  // namespace dialog::test
