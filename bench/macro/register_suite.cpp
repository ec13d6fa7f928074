#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "dialog/base/hash.hpp"
#include "http_client.hpp"
#include "http_floor.hpp"
#include "load.hpp"
#include "peers.hpp"
#include "store_floors.hpp"
#include "suites.hpp"
#include "swap_clients.hpp"

namespace dialog::bench {
namespace {

constexpr double kSeconds = 2;
constexpr int kSubjects = 64;
constexpr int kIdleConnections = 4096;
constexpr int kSyncs = 2000;

Case register_case(const char* name, const char* unit, int clients) {
  return {"register", name, unit, {}, {}, static_cast<std::uint64_t>(clients)};
}

using MakeSwap = std::unique_ptr<SwapClient> (*)(std::string did, std::uint64_t number);

/// A server that changes revisions, and how to speak to it.
struct SwapServer {
  const char* impl;
  std::uint16_t port;
  MakeSwap make;

  /// `subjects`: over how many the clients are spread.
  [[nodiscard]] Load load(int clients, int subjects) const {
    static std::uint64_t swappers = 0;
    Load load;
    load.port = port;
    load.clients = clients;
    load.seconds = kSeconds;
    load.client = [this, subjects](int number) {
      return make(did_of(number % subjects), ++swappers);
    };
    return load;
  }
};

/// Publishes a first revision under every subject of the suite.
void publish_all(const SwapServer& server) {
  Load load = server.load(kSubjects, kSubjects);
  load.done_max = kSubjects;
  run_load(load);
}

Sample rate_of(const LoadResult& result) { return {result.per_second, result.p99_us}; }

std::unique_ptr<LoadClient> ask_head(int number) {
  return std::make_unique<HttpRepeat>(http_request("HEAD", "/" + did_of(number % kSubjects)));
}

Sample head_load(std::uint16_t port, int clients) {
  Load load;
  load.port = port;
  load.clients = clients;
  load.seconds = kSeconds;
  load.client = ask_head;
  return rate_of(run_load(load));
}

void heads(Report& report, const Settings& settings) {
  if (!report.wants({"head"})) return;
  const DialogServer dialog(settings.folder);
  const DialogServer silent(settings.folder, DialogServer::Logs::nothing);
  publish_all({"dialog", dialog.port(), make_http_swap});
  publish_all({"dialog_no_log", silent.port(), make_http_swap});
  const Nginx nginx(settings.folder);
  for (int i = 0; i < kSubjects; ++i)
    write_file(nginx.www() + "/" + did_of(i), Hash::of(did_of(i)).hex());
  const HttpFloor floor;
  for (const int clients : {1, 16, 64}) {
    const auto contender = [clients](const char* impl, std::uint16_t port) {
      return Contender{impl, [=] { return head_load(port, clients); }};
    };
    report.paired(register_case("head", "requests/s", clients),
                  {contender("dialog", dialog.port()), contender("nginx", nginx.port()),
                   contender("dialog_no_log", silent.port()), contender("epoll", floor.port())},
                  clients == 1 ? std::vector<Reach>{} : std::vector<Reach>{{.against = "nginx"}});
  }
}

/// The latencies of one sync after the other, which no swap can undercut.
std::vector<double> sync_latencies_us(StoreFloor& disk, int count) {
  std::vector<double> micros;
  for (int i = 0; i < count; ++i) {
    const double before = seconds_now();
    disk.put({});
    micros.push_back((seconds_now() - before) * 1e6);
  }
  return micros;
}

void distinct_swaps(Report& report, const std::vector<SwapServer>& servers) {
  for (const int clients : {1, 16, 64}) {
    std::vector<Contender> contenders;
    for (const SwapServer& server : servers) {
      contenders.push_back({server.impl, [&server, clients] {
                              return rate_of(run_load(server.load(clients, clients)));
                            }});
    }
    report.paired(register_case("swap_distinct", "swaps/s", clients), contenders,
                  {{.against = "redis"}});
  }
}

void hot_swaps(Report& report, const std::vector<SwapServer>& servers) {
  for (const int clients : {16, 64}) {
    std::vector<Contender> contenders;
    for (const SwapServer& server : servers) {
      contenders.push_back({server.impl, [&server, clients] {
                              const LoadResult result = run_load(server.load(clients, 1));
                              return Sample{.value = result.per_second,
                                            .p99 = result.p99_us,
                                            .least = static_cast<double>(result.least),
                                            .most = static_cast<double>(result.most)};
                            }});
    }
    report.paired(register_case("swap_hot", "swaps/s", clients), contenders,
                  {{.against = "redis", .bound = clients == 16 ? 1.2 : 2.0}});
  }
}

/// The p99 of a swap while there come half as many as the server can take, against one sync.
void half_load(Report& report, const Settings& settings, const std::vector<SwapServer>& servers) {
  if (!report.wants({"swap_half_load"})) return;
  const ScratchFolder folder(settings.folder);
  const auto disk = open_disk_floor(folder.path());
  std::vector<Contender> contenders;
  for (const SwapServer& server : servers) {
    contenders.push_back({server.impl, [&server] {
                            Load load = server.load(kSubjects, kSubjects);
                            load.per_second = run_load(load).per_second / 2;
                            return Sample{.value = run_load(load).p99_us};
                          }});
  }
  contenders.push_back({"one_sync", [&] {
                          auto micros = sync_latencies_us(*disk, kSyncs);
                          const double p99 = percentile(micros, 0.99);
                          return Sample{.value = percentile(micros, 0.5), .p99 = p99};
                        }});
  report.paired(register_case("swap_half_load", "us p99", kSubjects), contenders,
                {{.against = "one_sync", .bound = 5, .is_most = true}});
}

void swaps(Report& report, const Settings& settings) {
  if (!report.wants({"swap_distinct", "swap_hot", "swap_half_load"})) return;
  const DialogServer dialog(settings.folder);
  std::vector<SwapServer> servers{{"dialog", dialog.port(), make_http_swap}};
  std::unique_ptr<Redis> redis;
  std::unique_ptr<Etcd> etcd;
  std::unique_ptr<Postgres> postgres;
  if (report.wants_impl("redis")) {
    redis = std::make_unique<Redis>(settings.folder);
    servers.push_back({"redis", redis->port(), make_redis_swap});
  }
  if (report.wants_impl("postgres")) {
    postgres = std::make_unique<Postgres>(settings.folder, kSubjects);
    servers.push_back({"postgres", postgres->port(), make_postgres_swap});
  }
  if (report.wants_impl("etcd")) {
    etcd = std::make_unique<Etcd>(settings.folder);
    servers.push_back({"etcd", etcd->port(), make_etcd_swap});
  }
  distinct_swaps(report, servers);
  hot_swaps(report, servers);
  half_load(report, settings, servers);
}

constexpr double kMebibyte = 1 << 20;

void idle_memory(Report& report, const Settings& settings) {
  if (!report.wants({"rss_idle_4096"})) return;
  const auto about = register_case("rss_idle_4096", "MiB", kIdleConnections);
  if (report.wants_impl("dialog")) {
    const DialogServer dialog(settings.folder);
    publish_all({"dialog", dialog.port(), make_http_swap});
    const IdleConnections idle(dialog.port(), kIdleConnections, ask_head);
    report.exact(about, "dialog",
                 static_cast<double>(dialog.process().resident_bytes()) / kMebibyte,
                 {{.bound = 64, .is_most = true}});
  }
  if (report.wants_impl("nginx")) {
    const Nginx nginx(settings.folder);
    for (int i = 0; i < kSubjects; ++i) write_file(nginx.www() + "/" + did_of(i), Hash().hex());
    const IdleConnections idle(nginx.port(), kIdleConnections, ask_head);
    report.exact(about, "nginx", static_cast<double>(nginx.process().resident_bytes()) / kMebibyte);
  }
}

}  // namespace

void run_register_suite(Report& report, const Settings& settings) {
  take_all_descriptors();
  heads(report, settings);
  swaps(report, settings);
  run_register_blocks(report, settings);
  idle_memory(report, settings);
}

}  // namespace dialog::bench
