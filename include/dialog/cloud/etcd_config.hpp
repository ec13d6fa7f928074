#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/result.hpp"
#include "dialog/http/repeat.hpp"
#include "dialog/http/url.hpp"

namespace dialog {

/// Where a cluster of etcd is, and under which keys a register lies in it. A value without secrets.
class EtcdAddress {
 public:
  /// `etcd://HOST[:PORT][,HOST[:PORT]...][/PREFIX]`, or `etcds://` for TLS, which may name files:
  /// `?ca=FILE&cert=FILE&key=FILE`. Ports are 2379 and the prefix is `dialog` where not given. At
  /// most 16 hosts. `invalid_argument` for anything else, credentials among them.
  static Result<EtcdAddress> parse(std::string_view url);

  /// Whether a URL is meant for this class.
  [[nodiscard]] static bool is_meant_by(std::string_view url) {
    return url.starts_with("etcd://") || url.starts_with("etcds://");
  }

  /// Members of the cluster, each as `http://HOST:PORT` or `https://HOST:PORT`; at least one.
  [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  /// What every key begins with, before a slash.
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  /// The whole address, with what was left out.
  [[nodiscard]] const std::string& text() const { return text_; }

  [[nodiscard]] bool is_tls() const { return endpoints_.front().is_https(); }
  /// True where nothing that is sent leaves the machine.
  [[nodiscard]] bool is_loopback() const;

  /// For TLS; whoever makes the client reads them.
  struct TlsFiles {
    std::optional<std::string> ca;           ///< trusted instead of the system's certificates
    std::optional<std::string> certificate;  ///< shown to the cluster; its key is in `key`
    std::optional<std::string> key;

    friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
  };
  [[nodiscard]] const TlsFiles& tls_files() const { return tls_files_; }

 private:
  EtcdAddress() = default;
  Result<void> parse_hosts(std::string_view hosts, std::string_view scheme);
  Result<void> parse_query(std::string_view query);

  std::vector<Endpoint> endpoints_;
  std::string prefix_;
  std::string text_;
  TlsFiles tls_files_;
};

/// A user of etcd. A secret: never to be logged.
struct EtcdCredentials {
  std::string user;
  std::string password;
};

struct EtcdOptions {
  /// Absent: none are shown.
  std::optional<EtcdCredentials> credentials;
  /// Sends them over plain HTTP to other machines, too, where everybody on the way can read them.
  bool plain_http_credentials = false;
  /// How long one call may take in all. A deadline in the context of a call shortens it.
  std::chrono::milliseconds timeout{30'000};
  /// How long one member may take for an answer before another one is asked.
  std::chrono::milliseconds member_timeout{3'000};
  /// Each attempt asks every member once; pauses are between attempts.
  RetryPolicy retry;
  /// How many of the latest swaps of each subject are kept; at least 1. Where several writers have
  /// different numbers, the smallest counts.
  std::uint64_t history_kept = 1024;
};

}  // namespace dialog
