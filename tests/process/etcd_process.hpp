#pragma once

#include <memory>
#include <string>
#include <vector>

#include "process/child.hpp"
#include "process/separate_hosts.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {

/// Certificates of a new authority, all in one folder: for `127.0.0.1`, and for a client.
class TestCertificates {
 public:
  TestCertificates();
  [[nodiscard]] std::string path(const std::string& name) const;

 private:
  TempFolder folder_;
};

/// Real members of one cluster of etcd, in processes of their own.
class EtcdProcesses {
 public:
  /// Starts them on free ports of this machine; that they answer is for whoever asks to wait. With
  /// certificates they speak TLS, and to nobody who shows none.
  explicit EtcdProcesses(std::size_t members, const TestCertificates* certificates = nullptr);
  /// One on each host. They reach each other by one network, and clients reach them by the other.
  explicit EtcdProcesses(const SeparateHosts& hosts);

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  /// The address of all members, which clients ask from this one on.
  [[nodiscard]] std::string address(const std::string& prefix, std::size_t first = 0) const;
  /// Of this one alone.
  [[nodiscard]] std::string address_of(std::size_t member, const std::string& prefix) const;
  [[nodiscard]] std::string url_of(std::size_t member) const;

  void kill(std::size_t member) { members_[member].process->kill(); }
  /// Starts a member that was killed, with what it had on its disk.
  void start(std::size_t member);
  /// Takes the processor away, so that it keeps its connections and answers nobody.
  void freeze(std::size_t member);
  void thaw(std::size_t member);

 private:
  struct Member {
    std::string client;
    std::string peer;
    std::vector<std::string> words_before;
    std::unique_ptr<Child> process;
  };
  [[nodiscard]] std::string scheme() const;
  [[nodiscard]] std::string query() const;

  const TestCertificates* certificates_ = nullptr;
  // None of the tests cuts the power, so there is no need to wait for a disk.
  TempFolder folder_{TempFolder::On::memory};
  std::vector<Member> members_;
};

}  // namespace dialog::test
