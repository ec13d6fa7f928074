#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dialog::bench {

/// A closed loop over keep-alive connections to the loopback: each client sends its next request
/// when the answer to the last one is complete. One thread, epoll.
struct HttpLoad {
  std::uint16_t port = 0;
  int clients = 1;
  double seconds = 2;
  /// The next whole request of a client.
  std::function<std::string(int client)> next;
  /// Called with each status; the program ends where it returns false.
  std::function<bool(int client, int status)> answered;
};

struct HttpLoadResult {
  double requests_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

HttpLoadResult run_http_load(const HttpLoad& load);

}  // namespace dialog::bench
