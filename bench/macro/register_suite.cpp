#include <nlohmann/json.hpp>
#include <vector>

#include "dialog/base/hash.hpp"
#include "dialog/remote/subject.hpp"
#include "http_floor.hpp"
#include "http_load.hpp"
#include "lmdb_floor.hpp"
#include "local_server.hpp"
#include "suites.hpp"

namespace dialog::bench {
namespace {

constexpr double kSeconds = 2;

std::string subject_of(int client) {
  return "did:web:bench-" + std::to_string(client) + ".example";
}

/// The sequence of revisions that one client publishes.
class Publisher {
 public:
  explicit Publisher(int client)
      : did_(subject_of(client)), count_(static_cast<std::uint64_t>(client) << 40U) {}

  std::string request() {
    desired_ = Hash::of(std::to_string(++count_)).hex();
    const std::string body = nlohmann::json{{"iss", did_},
                                            {"sub", did_},
                                            {"cmd", "/state/assert"},
                                            {"args", {{"revision", desired_}}}}
                                 .dump();
    return "PUT /" + did_ + " HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-Match: " + expected_ +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  void accepted() { expected_ = desired_; }

 private:
  std::string did_;
  std::uint64_t count_;
  std::string expected_ = Hash().hex();
  std::string desired_;
};

void head(Report& report, const Settings& settings, int clients) {
  LocalServer server(settings.folder);
  std::vector<Subject> subjects;
  for (int i = 0; i < clients; ++i) {
    subjects.push_back(must(Subject::parse(subject_of(i)), "subject"));
    Register::Swap first;
    first.desired = Revision(Hash::of("x"));
    must(server.store().head_register().swap(subjects.back(), first, {}), "swap");
  }
  const HttpFloor floor;
  const auto measure = [clients](std::uint16_t port) {
    HttpLoad load;
    load.port = port;
    load.clients = clients;
    load.seconds = kSeconds;
    load.next = [](int client) {
      return "HEAD /" + subject_of(client) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    };
    load.answered = [](int, int status) { return status == 200; };
    const HttpLoadResult result = run_http_load(load);
    return Sample{result.requests_per_second, result.p99_us};
  };
  report.paired({"register", "head", "requests/s", {}, {}, static_cast<std::uint64_t>(clients)},
                {{"dialog", [&] { return measure(server.port()); }},
                 {"asio", [&] { return measure(floor.port()); }}});
}

/// Durable commits of one record after the other, as many as fit into the time: no network, no
/// server.
Sample lmdb_commits(LmdbFloor& lmdb) {
  std::vector<double> micros;
  const double start = seconds_now();
  for (std::uint64_t i = 0; seconds_now() - start < kSeconds; ++i) {
    const double before = seconds_now();
    lmdb.write([&](MDB_txn* txn, MDB_dbi dbi) {
      LmdbFloor::put(txn, dbi, subject_of(static_cast<int>(i % 64)),
                     Hash::of(std::to_string(i)).bytes());
    });
    micros.push_back((seconds_now() - before) * 1e6);
  }
  const double rate = static_cast<double>(micros.size()) / (seconds_now() - start);
  return {rate, percentile(micros, 0.99)};
}

void swap_distinct(Report& report, const Settings& settings, LmdbFloor& lmdb, int clients) {
  report.paired(
      {"register", "swap_distinct", "swaps/s", {}, {}, static_cast<std::uint64_t>(clients)},
      {{"dialog",
        [&] {
          LocalServer server(settings.folder);
          std::vector<Publisher> publishers;
          for (int i = 0; i < clients; ++i) publishers.emplace_back(i);
          HttpLoad load;
          load.port = server.port();
          load.clients = clients;
          load.seconds = kSeconds;
          load.next = [&](int client) {
            return publishers[static_cast<std::size_t>(client)].request();
          };
          load.answered = [&](int client, int status) {
            publishers[static_cast<std::size_t>(client)].accepted();
            return status == 200;
          };
          const HttpLoadResult result = run_http_load(load);
          return Sample{result.requests_per_second, result.p99_us};
        }},
       {"lmdb", [&] { return lmdb_commits(lmdb); }}});
}

}  // namespace

void run_register_suite(Report& report, const Settings& settings) {
  for (const int clients : {1, 16, 64}) head(report, settings, clients);
  const ScratchFolder folder(settings.folder);
  LmdbFloor lmdb(folder.path());
  for (const int clients : {1, 16, 64}) swap_distinct(report, settings, lmdb, clients);
}

}  // namespace dialog::bench
