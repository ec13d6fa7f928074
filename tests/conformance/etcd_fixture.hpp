#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cloud_fixture.hpp"
#include "dialog/base/check.hpp"
#include "dialog/cloud/etcd_register.hpp"
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

/// The stand-in.
class FakeEtcdCluster {
 public:
  static std::uint64_t history_kept() { return EtcdOptions().history_kept; }
  std::shared_ptr<Register> heads() {
    return open_etcd("etcd://one,two,three", {cluster_, &system_clock(), &system_random()});
  }

 private:
  std::shared_ptr<FakeEtcd> cluster_ = std::make_shared<FakeEtcd>(system_clock());
};

}  // namespace dialog::test
