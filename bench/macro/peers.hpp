#pragma once

#include <cstdint>
#include <string>

#include "child_server.hpp"
#include "report.hpp"

/// The servers of a run: programs of their own, each with its data in a scratch folder on the disk
/// that is measured, as durable as it can be told to be.
namespace dialog::bench {

/// `dialogdb serve` as it is by default, but for its bound on connections; its log goes to
/// /dev/null.
class DialogServer {
 public:
  enum class Logs { requests, nothing };
  explicit DialogServer(const std::string& parent, Logs logs = Logs::requests);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const ChildServer& process() const { return process_; }

 private:
  ScratchFolder folder_;
  std::uint16_t port_;
  ChildServer process_;
};

/// One worker that serves the files of `www()`, keeps them open, logs nothing, and takes PUT below
/// `/dav/`, which it does not sync.
class Nginx {
 public:
  explicit Nginx(const std::string& parent);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string www() const { return folder_.path() + "/www"; }
  [[nodiscard]] const ChildServer& process() const { return process_; }

 private:
  ScratchFolder folder_;
  std::uint16_t port_;
  ChildServer process_;
};

/// With an append-only file that is synced before each answer.
class Redis {
 public:
  explicit Redis(const std::string& parent);
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  ScratchFolder folder_;
  std::uint16_t port_;
  ChildServer process_;
};

/// One member.
class Etcd {
 public:
  explicit Etcd(const std::string& parent);
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  ScratchFolder folder_;
  std::uint16_t port_;
  ChildServer process_;
};

/// With a table `register` of `rows` subjects, all zeros.
class Postgres {
 public:
  Postgres(const std::string& parent, int rows);
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  ScratchFolder folder_;
  std::uint16_t port_;
  ChildServer process_;
};

}  // namespace dialog::bench
