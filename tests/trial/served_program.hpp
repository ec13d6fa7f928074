#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "process/child.hpp"

namespace dialog::test {

/// `dialogdb serve` as a process, on one port for all its lives.
class ServedProgram {
 public:
  /// Starts it. It keeps its state in `folder`.
  explicit ServedProgram(std::string folder, std::vector<std::string> options = {});

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void stop() const;
  void go_on() const;
  /// Kills it where it stands and starts it again; returns how long it took until it listened.
  std::chrono::milliseconds restart();

 private:
  void start();
  const std::string folder_;
  const std::vector<std::string> options_;
  std::uint16_t port_ = 0;
  std::optional<Child> child_;
};

}  // namespace dialog::test
