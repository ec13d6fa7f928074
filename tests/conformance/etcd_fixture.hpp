#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cloud_fixture.hpp"
#include "dialog/base/check.hpp"
#include "dialog/cloud/etcd_register.hpp"
#include "dialog/cloud/etcd_revocations.hpp"
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

inline std::unique_ptr<EtcdRevocations> open_etcd_revocations(const std::string& url,
                                                              HttpTransport transport) {
  auto made = EtcdRevocations::create(*EtcdAddress::parse(url), {}, std::move(transport));
  DIALOG_CHECK(made.has_value(), "the revocations of a test's etcd");
  return *std::move(made);
}

/// The stand-in.
class FakeEtcdCluster {
 public:
  static std::uint64_t history_kept() { return EtcdOptions().history_kept; }
  std::shared_ptr<SharedRegister> heads() { return open_etcd(kUrl, transport()); }
  std::shared_ptr<RevocationStore> revocations() {
    return open_etcd_revocations(kUrl, transport());
  }

 private:
  static constexpr const char* kUrl = "etcd://one,two,three";
  HttpTransport transport() { return {cluster_, &system_clock(), &system_random()}; }
  std::shared_ptr<FakeEtcd> cluster_ = std::make_shared<FakeEtcd>(system_clock());
};

}  // namespace dialog::test
