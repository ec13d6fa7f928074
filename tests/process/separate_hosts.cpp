#include "process/separate_hosts.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sched.h>
#include <unistd.h>

#include "dialog/base/check.hpp"

namespace dialog::test {
namespace {

using Network = SeparateHosts::Network;

constexpr const char* kIp = "/sbin/ip";
/// States of a port of a switch, as of the spanning tree protocol, which is off.
constexpr int kDrops = 0;
constexpr int kForwards = 3;

void must(const std::string& script) { DIALOG_CHECK(run_script(script), "setting up a network"); }

/// Of the switch, and of the interface that each host has to it.
std::string switch_of(Network network) {
  return network == Network::among_hosts ? "hosts" : "program";
}

std::string network_of(Network network) {
  return network == Network::among_hosts ? "10.77.0." : "10.78.0.";
}

std::string port_of(std::size_t host, Network network) {
  return switch_of(network) + std::to_string(host);
}

void set_state(std::size_t host, Network network, int state) {
  must(std::string(kIp) + " link set " + port_of(host, network) + " type bridge_slave state " +
       std::to_string(state));
}

}  // namespace

std::optional<std::string> SeparateHosts::why_not() {
  if (geteuid() != 0) return "it needs to be root";
  if (access(kIp, X_OK) != 0) return std::string("cannot run ") + kIp;
  if (unshare(CLONE_NEWNET) != 0) {
    return std::string("cannot have a network of its own: ") + std::strerror(errno);
  }
  const std::string ip = std::string(kIp) + " ";
  const bool has_switches = run_script(
      "exec 2>/dev/null;" + ip + "link set lo up;" + ip + "link add hosts type bridge;" + ip +
      "link set hosts up;" + ip + "link add program type bridge;" + ip + "addr add " +
      network_of(Network::to_program) + "254/24 dev program;" + ip + "link set program up");
  if (!has_switches) return "cannot have bridges in a network of its own";
  return std::nullopt;
}

SeparateHosts::SeparateHosts(std::size_t count) {
  const std::string ip = std::string(kIp) + " ";
  for (std::size_t i = 0; i < count; ++i) {
    hosts_.push_back(std::make_unique<Child>(std::vector<std::string>{
        DIALOG_SETPRIV, "--pdeathsig", "KILL", "/usr/bin/unshare", "--net", "/bin/sh", "-ec",
        ip + "link set lo up; echo; exec sleep infinity"}));
    DIALOG_CHECK(hosts_[i]->line().has_value(), "a network namespace");
    const std::string process = std::to_string(hosts_[i]->number());
    for (const Network network : std::array{Network::among_hosts, Network::to_program}) {
      const std::string port = port_of(i, network);
      const std::string name = switch_of(network);
      must(ip + "link add " + port + " type veth peer name " + name + " netns " + process + ";" +
           ip + "link set " + port + " master " + name + " up;" + "nsenter --target " + process +
           " --net /bin/sh -ec '" + ip + "addr add " + address(i, network) + "/24 dev " + name +
           ";" + ip + "link set " + name + " up'");
    }
  }
}

std::string SeparateHosts::address(std::size_t host, Network network) const {
  return network_of(network) + std::to_string(host + 1);
}

std::vector<std::string> SeparateHosts::words_before(std::size_t host) const {
  return {"/usr/bin/nsenter", "--target", std::to_string(hosts_[host]->number()), "--net"};
}

void SeparateHosts::cut_off(std::size_t host, Network network) const {
  set_state(host, network, kDrops);
}

void SeparateHosts::join(std::size_t host, Network network) const {
  set_state(host, network, kForwards);
}

}  // namespace dialog::test
