#include "process/etcd_process.hpp"

#include <csignal>
#include <utility>

#include "dialog/base/check.hpp"
#include "process/free_port.hpp"

namespace dialog::test {
namespace {

std::string name_of(std::size_t member) { return "member" + std::to_string(member); }

}  // namespace

TestCertificates::TestCertificates() {
  // No extended usage: etcd's gateway shows the server's certificate to the server itself. No
  // common names: where there are users, the gateway refuses clients that have one.
  const bool is_done = run_script(
      "cd " + folder_.path() +
      " && exec 2>/dev/null"
      " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
      " -subj /CN=ca -keyout ca.key -out ca.pem"
      " && for name in server client named; do"
      " openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj $([ $name = named ] "
      "&& echo /CN= || echo /O=)$name"
      " -keyout $name.key -out $name.csr;"
      " echo subjectAltName=IP:127.0.0.1 > $name.ext;"
      " openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
      " -extfile $name.ext -out $name.pem;"
      " done");
  DIALOG_CHECK(is_done, "certificates for a test");
}

std::string TestCertificates::path(const std::string& name) const { return folder_ / name; }

EtcdProcesses::EtcdProcesses(std::size_t members, const TestCertificates* certificates)
    : certificates_(certificates) {
  {
    const std::vector<FreePort> ports(2 * members);
    for (std::size_t i = 0; i < members; ++i) {
      members_.push_back({ports[2 * i].host(), ports[2 * i + 1].host(), {}, nullptr});
    }
  }
  for (std::size_t i = 0; i < members; ++i) start(i);
}

EtcdProcesses::EtcdProcesses(const SeparateHosts& hosts) {
  using Network = SeparateHosts::Network;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    members_.push_back({hosts.address(i, Network::to_program) + ":2379",
                        hosts.address(i, Network::among_hosts) + ":2380", hosts.words_before(i),
                        nullptr});
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) start(i);
}

void EtcdProcesses::start(std::size_t member) {
  const std::string client = url_of(member);
  const std::string peer = "http://" + members_[member].peer;
  std::string cluster;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    cluster += (i == 0 ? "" : ",") + name_of(i) + "=http://" + members_[i].peer;
  }
  const std::string folder = folder_.path();
  // Ends with the test, whatever becomes of it.
  std::vector<std::string> words = members_[member].words_before;
  words.insert(words.end(), {DIALOG_SETPRIV, "--pdeathsig", "KILL", "/usr/bin/etcd"});
  const auto add = [&](const std::string& name, const std::string& value) {
    words.push_back("--" + name);
    words.push_back(value);
  };
  add("name", name_of(member));
  add("data-dir", folder + "/" + name_of(member));
  add("listen-client-urls", client);
  add("advertise-client-urls", client);
  add("listen-peer-urls", peer);
  add("initial-advertise-peer-urls", peer);
  add("initial-cluster", cluster);
  add("logger", "zap");
  add("log-level", "error");
  add("log-outputs", folder + "/" + name_of(member) + ".log");
  if (certificates_ != nullptr) {
    add("cert-file", certificates_->path("server.pem"));
    add("key-file", certificates_->path("server.key"));
    add("trusted-ca-file", certificates_->path("ca.pem"));
    words.emplace_back("--client-cert-auth");
  }
  members_[member].process = std::make_unique<Child>(std::move(words));
}

void EtcdProcesses::freeze(std::size_t member) { members_[member].process->signal(SIGSTOP); }
void EtcdProcesses::thaw(std::size_t member) { members_[member].process->signal(SIGCONT); }

std::string EtcdProcesses::scheme() const {
  return certificates_ == nullptr ? "etcd://" : "etcds://";
}

std::string EtcdProcesses::query() const {
  if (certificates_ == nullptr) return {};
  return "?ca=" + certificates_->path("ca.pem") + "&cert=" + certificates_->path("client.pem") +
         "&key=" + certificates_->path("client.key");
}

std::string EtcdProcesses::address(const std::string& prefix, std::size_t first) const {
  std::string hosts;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    hosts += (i == 0 ? "" : ",") + members_[(first + i) % members_.size()].client;
  }
  return scheme() + hosts + "/" + prefix + query();
}

std::string EtcdProcesses::address_of(std::size_t member, const std::string& prefix) const {
  return scheme() + members_[member].client + "/" + prefix + query();
}

std::string EtcdProcesses::url_of(std::size_t member) const {
  return (certificates_ == nullptr ? "http://" : "https://") + members_[member].client;
}

}  // namespace dialog::test
