#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/child.hpp"

namespace dialog::test {

/// Hosts of their own on this machine, network namespaces, each with a port at two switches: one
/// that joins the hosts alone, and one that joins them with the program that makes them. A switch
/// can drop all that a port sends and gets: nobody is told, as by a broken network.
class SeparateHosts {
 public:
  enum class Network : std::uint8_t { among_hosts, to_program };

  /// Why there cannot be any here. Otherwise the calling thread, and all that it starts from then
  /// on, has a network of its own, which ends with them.
  static std::optional<std::string> why_not();

  /// After `why_not`, and once only.
  explicit SeparateHosts(std::size_t count);

  [[nodiscard]] std::size_t size() const { return hosts_.size(); }
  [[nodiscard]] std::string address(std::size_t host, Network network) const;
  /// What goes before the words of a program that is to run there.
  [[nodiscard]] std::vector<std::string> words_before(std::size_t host) const;

  void cut_off(std::size_t host, Network network) const;
  void join(std::size_t host, Network network) const;

 private:
  // Each does nothing: a namespace lives as long as a process in it.
  std::vector<std::unique_ptr<Child>> hosts_;
};

}  // namespace dialog::test
