#include <algorithm>
#include <memory>
#include <optional>

#include "data.hpp"
#include "dialog/backends/curl_client.hpp"
#include "dialog/backends/log_repository_store.hpp"
#include "dialog/http/counting_client.hpp"
#include "dialog/http/http_archive.hpp"
#include "dialog/http/rest_backend.hpp"
#include "dialog/replica/repository.hpp"
#include "lmdb_floor.hpp"
#include "local_server.hpp"
#include "suites.hpp"

namespace dialog::bench {
namespace {

constexpr std::uint64_t kSeed = 20240601;
constexpr const char* kBranch = "main";
constexpr const char* kRemote = "origin";
constexpr const char* kSubject = "did:web:bench.example";

/// A device: its repository on disk, and its way to the server.
class Device {
 public:
  Device(const std::string& parent, const std::string& url)
      : folder_(parent),
        remote_{kRemote, url, kSubject, {}},
        client_(std::make_shared<CountingHttpClient>(std::make_shared<CurlHttpClient>())) {
    LogOptions options;
    options.open = StoreOpen::ensure;
    store_ = must(LogRepositoryStore::open(folder_.path() + "/db", options), "open");
    const RestBackendConfig config(url);
    const Subject subject = must(Subject::parse(kSubject), "subject");
    HttpTransport transport;
    transport.client = client_;
    backend_.emplace(must(RestBackend::create(config, transport), "backend"));
    blocks_ = must(HttpArchive::create(config, transport, subject), "archive");
    connection_.emplace(RemoteConnection{kRemote, subject, *backend_, *blocks_});
  }

  void create() {
    repository_.emplace(must(Repository::create(*store_, system_clock()), "create"));
    must(repository_->add_remote(remote_), "add_remote");
  }

  void clone() {
    Repository::Clone wanted;
    wanted.remote = remote_;
    repository_.emplace(
        must(Repository::clone(*store_, system_clock(), *connection_, wanted), "clone").repository);
  }

  /// Puts the records with these indexes, with their own values or with fresh ones.
  void put(const Records& records, const std::vector<std::uint32_t>& indexes,
           const std::vector<std::string>& fresh) {
    Transaction transaction = must(repository_->begin(kBranch), "begin");
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      const std::string_view value =
          fresh.empty() ? records.value(indexes[i]) : std::string_view(fresh[i]);
      must(transaction.put(records.key(indexes[i]), value), "put");
    }
    must(transaction.commit(), "commit");
  }

  void push() {
    const PushReport report = must(repository_->push(kBranch, *connection_), "push");
    if (report.outcome.kind != PushOutcome::Kind::accepted) give_up("push: not accepted");
  }
  void pull() { must(repository_->pull(kBranch, *connection_), "pull"); }

  [[nodiscard]] CountingHttpClient& client() { return *client_; }
  [[nodiscard]] Revision current() { return must(repository_->resolve(kBranch), "resolve"); }

 private:
  ScratchFolder folder_;
  Remote remote_;
  std::shared_ptr<CountingHttpClient> client_;
  std::unique_ptr<LogRepositoryStore> store_;
  std::optional<RestBackend> backend_;
  std::unique_ptr<HttpArchive> blocks_;
  std::optional<RemoteConnection> connection_;
  std::optional<Repository> repository_;
};

Sample milliseconds_since(double start) { return {(seconds_now() - start) * 1e3, {}}; }

double transferred(Device& device) {
  const TransferStats stats = device.client().stats();
  return static_cast<double>(stats.bytes_up + stats.bytes_down);
}

void clone(Report& report, const Settings& settings, const LocalServer& server,
           const Records& records, const std::vector<std::uint32_t>& order) {
  double bytes = 0;
  report.paired({"sync", "clone", "ms", records.size(), {}, {}},
                {{"dialog",
                  [&] {
                    Device device(settings.folder, server.url());
                    const double start = seconds_now();
                    device.clone();
                    const Sample sample = milliseconds_since(start);
                    bytes = transferred(device);
                    return sample;
                  }},
                 {"lmdb", [&] {
                    const ScratchFolder folder(settings.folder);
                    LmdbFloor lmdb(folder.path());
                    const double start = seconds_now();
                    lmdb.write([&](MDB_txn* txn, MDB_dbi dbi) {
                      for (const std::uint32_t i : order) {
                        LmdbFloor::put(txn, dbi, records.key(i), records.value(i), MDB_APPEND);
                      }
                    });
                    return milliseconds_since(start);
                  }}});
  report.exact({"sync", "clone_bytes", "bytes", records.size(), {}, {}}, "dialog", bytes);
}

/// What one device changed goes to the server, and from there to the other one.
void exchange(Report& report, Device& a, Device& b, LmdbFloor& lmdb, const Records& records,
              std::size_t d) {
  std::uint64_t round = 0;
  const auto edit = [&](Device& device) {
    ++round;
    device.put(records, distinct_indexes(records.size(), d, round),
               fresh_values(d, round + 1'000'000));
  };
  const auto floor = [&] {
    ++round;
    const auto indexes = distinct_indexes(records.size(), d, round);
    const auto values = fresh_values(d, round + 1'000'000);
    const double start = seconds_now();
    lmdb.write([&](MDB_txn* txn, MDB_dbi dbi) {
      for (std::size_t i = 0; i < d; ++i)
        LmdbFloor::put(txn, dbi, records.key(indexes[i]), values[i]);
    });
    return milliseconds_since(start);
  };
  double push_bytes = 0;
  double pull_bytes = 0;
  report.paired({"sync", "push", "ms", records.size(), d, {}},
                {{"dialog",
                  [&] {
                    edit(a);
                    a.client().reset();
                    const double start = seconds_now();
                    a.push();
                    const Sample sample = milliseconds_since(start);
                    push_bytes = transferred(a);
                    b.pull();
                    return sample;
                  }},
                 {"lmdb", floor}});
  report.paired({"sync", "pull", "ms", records.size(), d, {}},
                {{"dialog",
                  [&] {
                    edit(a);
                    a.push();
                    b.client().reset();
                    const double start = seconds_now();
                    b.pull();
                    const Sample sample = milliseconds_since(start);
                    pull_bytes = transferred(b);
                    return sample;
                  }},
                 {"lmdb", floor}});
  report.exact({"sync", "push_bytes", "bytes", records.size(), d, {}}, "dialog", push_bytes);
  report.exact({"sync", "pull_bytes", "bytes", records.size(), d, {}}, "dialog", pull_bytes);
  const double changed = static_cast<double>(d * (Records::kKeyBytes + Records::kValueBytes));
  report.exact({"sync", "push_bytes", "bytes", records.size(), d, {}}, "changed_entries", changed);
  if (a.current() != b.current()) give_up("the devices differ after a pull");
}

}  // namespace

void run_sync_suite(Report& report, const Settings& settings) {
  const Records records(settings.entries, kSeed);
  const auto order = records.sorted();
  LocalServer server(settings.folder);
  Device a(settings.folder, server.url());
  a.create();
  a.put(records, order, {});
  a.client().reset();
  const double start = seconds_now();
  a.push();
  report.exact({"sync", "first_push", "ms", records.size(), {}, {}}, "dialog",
               (seconds_now() - start) * 1e3);
  report.exact({"sync", "first_push_bytes", "bytes", records.size(), {}, {}}, "dialog",
               transferred(a));
  clone(report, settings, server, records, order);

  Device b(settings.folder, server.url());
  b.clone();
  const ScratchFolder folder(settings.folder);
  LmdbFloor lmdb(folder.path());
  lmdb.write([&](MDB_txn* txn, MDB_dbi dbi) {
    for (const std::uint32_t i : order)
      LmdbFloor::put(txn, dbi, records.key(i), records.value(i), MDB_APPEND);
  });
  for (const std::size_t d : {std::size_t{1}, std::size_t{100}, std::size_t{10'000}}) {
    if (d <= records.size()) exchange(report, a, b, lmdb, records, d);
  }
}

}  // namespace dialog::bench
