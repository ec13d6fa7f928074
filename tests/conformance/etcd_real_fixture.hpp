#pragma once

#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>

#include "dialog/backends/rest.hpp"
#include "etcd_fixture.hpp"
#include "process/etcd_process.hpp"

namespace dialog::test {

inline HttpTransport transport_for(const EtcdAddress& address) {
  CurlClientOptions options;
  options.ca_file = address.tls_files().ca;
  options.certificate_file = address.tls_files().certificate;
  options.key_file = address.tls_files().key;
  return make_http_transport(options);
}

inline std::unique_ptr<EtcdRegister> open_real(const std::string& url, EtcdOptions options = {}) {
  return open_etcd(url, transport_for(*EtcdAddress::parse(url)), std::move(options));
}

/// Waits until a majority of the members stands.
inline void wait_for(const std::string& url, EtcdOptions options = {}) {
  using namespace std::chrono_literals;
  options.timeout = 60s;
  options.member_timeout = 1s;
  options.retry = {1'000, 20ms, 200ms};
  const auto ready = open_real(url, std::move(options))->probe({});
  ASSERT_TRUE(ready.has_value()) << ready.error().message;
}

/// The one that all tests of a program share; it stands.
inline EtcdProcesses& single_etcd() {
  static EtcdProcesses processes(1);
  static const bool ready = [] {
    wait_for(processes.address("ready"));
    return true;
  }();
  EXPECT_TRUE(ready);
  return processes;
}

/// A prefix of its own in it.
class RealEtcd {
 public:
  static std::uint64_t history_kept() { return FakeEtcdCluster::history_kept(); }
  std::shared_ptr<SharedRegister> heads() { return open_real(url_); }
  std::shared_ptr<RevocationStore> revocations() {
    return open_etcd_revocations(url_, transport_for(*EtcdAddress::parse(url_)));
  }

 private:
  std::string url_ = single_etcd().address(new_prefix());
};

}  // namespace dialog::test
