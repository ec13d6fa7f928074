#include <cstring>
#include <deque>
#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/random.hpp"
#include "dialog/http/block_frames.hpp"
#include "dialog/http/wire.hpp"
#include "http_client.hpp"
#include "peers.hpp"
#include "suites.hpp"
#include "swap_clients.hpp"

namespace dialog::bench {
namespace {

constexpr double kSeconds = 2;
constexpr std::size_t kBlockBytes = 4096;
constexpr std::size_t kBlocks = 10'000;
constexpr std::size_t kBatch = 1000;
constexpr std::size_t kBatches = 40;
constexpr int kBatchClients = 4;

/// Incompressible blocks of 4 KiB, none like another.
class FreshBlocks {
 public:
  FreshBlocks() : bytes_(kBlockBytes, '\0') {
    SeededRandom random(20261130);
    for (char& byte : bytes_) byte = static_cast<char>(random.below(256));
  }
  /// Valid until the next call.
  const std::string& next() {
    ++count_;
    std::memcpy(bytes_.data(), &count_, sizeof count_);
    return bytes_;
  }

 private:
  std::string bytes_;
  std::uint64_t count_ = 0;
};

std::string blocks_path(const std::string& name) { return "/" + did_of(0) + "/blocks/" + name; }

std::string batch_request(FreshBlocks& blocks, std::vector<Hash>* hashes = nullptr) {
  Bytes body;
  for (std::size_t i = 0; i < kBatch; ++i) {
    const Block block = Block::of(Bytes(blocks.next()));
    wire::append_frame(body, block);
    if (hashes != nullptr) hashes->push_back(block.hash());
  }
  return http_request("POST", blocks_path("put"),
                      "Content-Type: " + std::string(wire::kBlocksMediaType) + "\r\n", body);
}

/// Sends what others have prepared.
class BatchClient final : public HttpClient {
 public:
  explicit BatchClient(std::deque<std::string>& requests)
      : HttpClient(false), requests_(requests) {}
  std::string_view next() override {
    if (requests_.empty()) give_up("no batch is left");
    request_ = std::move(requests_.front());
    requests_.pop_front();
    return request_;
  }

 private:
  std::deque<std::string>& requests_;
  std::string request_;
};

/// Sends `count` batches; how many blocks were stored per second.
double put_batches(std::uint16_t port, std::deque<std::string> requests) {
  // Whoever is done first asks for one more.
  Load load;
  load.port = port;
  load.clients = std::min<int>(kBatchClients, static_cast<int>(requests.size()));
  load.seconds = 600;
  load.done_max = requests.size() - static_cast<std::size_t>(load.clients) + 1;
  load.client = [&](int) { return std::make_unique<BatchClient>(requests); };
  return run_load(load).per_second * kBatch;
}

/// Asks for blocks at random.
class BlockReader final : public HttpClient {
 public:
  BlockReader(const std::vector<std::string>& requests, std::uint64_t seed)
      : HttpClient(false), requests_(requests), random_(seed) {}
  std::string_view next() override { return requests_[random_.below(requests_.size())]; }

 private:
  const std::vector<std::string>& requests_;
  SeededRandom random_;
};

/// Stores one block after the other under `folder` and its hash.
class BlockWriter final : public HttpClient {
 public:
  BlockWriter(FreshBlocks& blocks, std::string folder)
      : HttpClient(false), blocks_(blocks), folder_(std::move(folder)) {}
  std::string_view next() override {
    const std::string& bytes = blocks_.next();
    request_ = http_request("PUT", folder_ + Hash::of(bytes).hex(), {}, bytes);
    return request_;
  }

 private:
  FreshBlocks& blocks_;
  std::string folder_;
  std::string request_;
};

Case block_case(const char* name, const char* unit, int clients) {
  return {"register", name, unit, {}, {}, static_cast<std::uint64_t>(clients)};
}

Sample measure(std::uint16_t port, int clients,
               std::function<std::unique_ptr<LoadClient>(int)> client) {
  Load load;
  load.port = port;
  load.clients = clients;
  load.seconds = kSeconds;
  load.client = std::move(client);
  const LoadResult result = run_load(load);
  return {result.per_second, result.p99_us};
}

void gets(Report& report, const Settings& settings) {
  if (!report.wants({"block_get"})) return;
  const DialogServer dialog(settings.folder);
  const Nginx nginx(settings.folder);
  FreshBlocks blocks;
  std::vector<Hash> hashes;
  std::deque<std::string> batches;
  while (hashes.size() < kBlocks) batches.push_back(batch_request(blocks, &hashes));
  for (std::string& batch : batches) put_batches(dialog.port(), {std::move(batch)});
  FreshBlocks again;
  std::vector<std::string> from_dialog;
  std::vector<std::string> from_nginx;
  for (const Hash& hash : hashes) {
    write_file(nginx.www() + "/" + hash.hex(), again.next());
    from_dialog.push_back(http_request("GET", blocks_path(hash.hex())));
    from_nginx.push_back(http_request("GET", "/" + hash.hex()));
  }
  for (const int clients : {16, 64}) {
    const auto contender = [clients](const char* impl, std::uint16_t port,
                                     const std::vector<std::string>& requests) {
      return Contender{impl, [=, &requests] {
                         return measure(port, clients, [&](int number) {
                           return std::make_unique<BlockReader>(requests,
                                                                static_cast<std::uint64_t>(number));
                         });
                       }};
    };
    report.paired(block_case("block_get", "requests/s", clients),
                  {contender("dialog", dialog.port(), from_dialog),
                   contender("nginx", nginx.port(), from_nginx)},
                  {{.against = "nginx"}});
  }
}

void single_puts(Report& report, const Settings& settings) {
  if (!report.wants({"block_put"})) return;
  constexpr int kClients = 16;
  const DialogServer dialog(settings.folder);
  const Nginx nginx(settings.folder);
  FreshBlocks blocks;
  const auto contender = [&blocks](const char* impl, std::uint16_t port,
                                   const std::string& folder) {
    return Contender{impl, [&blocks, port, folder] {
                       return measure(port, kClients, [&](int) {
                         return std::make_unique<BlockWriter>(blocks, folder);
                       });
                     }};
  };
  report.paired(block_case("block_put", "blocks/s", kClients),
                {contender("dialog", dialog.port(), blocks_path("")),
                 contender("nginx_dav", nginx.port(), "/dav/")},
                {{.bound = 15'000}});
}

/// Hashes each block, appends the batch to a file and syncs it: what the same work asks for
/// without a network.
double write_batches(const std::string& folder, const std::deque<std::string>& batches) {
  const std::string path = folder + "/batches";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const double start = seconds_now();
  for (const std::string& batch : batches) {
    const std::string_view body = std::string_view(batch).substr(batch.find("\r\n\r\n") + 4);
    const std::size_t frame = wire::frame_bytes(kBlockBytes);
    for (std::size_t at = 0; at < body.size(); at += frame) {
      if (Hash::of(body.substr(at + frame - kBlockBytes, kBlockBytes)).bytes() !=
          body.substr(at, Hash::kSize))
        give_up("a block is not what its hash says");
    }
    if (::write(file, body.data(), body.size()) != static_cast<ssize_t>(body.size()) ||
        ::fdatasync(file) != 0)
      give_up("cannot write " + path);
  }
  ::close(file);
  return static_cast<double>(batches.size() * kBatch) / (seconds_now() - start);
}

void batched_puts(Report& report, const Settings& settings) {
  if (!report.wants({"block_put_batched"})) return;
  FreshBlocks blocks;
  const auto make = [&blocks] {
    std::deque<std::string> batches;
    while (batches.size() < kBatches) batches.push_back(batch_request(blocks));
    return batches;
  };
  report.paired(block_case("block_put_batched", "blocks/s", kBatchClients),
                {{"dialog",
                  [&] {
                    const DialogServer dialog(settings.folder);
                    return Sample{.value = put_batches(dialog.port(), make())};
                  }},
                 {"hash_and_sync",
                  [&] {
                    const ScratchFolder folder(settings.folder);
                    return Sample{.value = write_batches(folder.path(), make())};
                  }}},
                {{.bound = 100'000}});
}

}  // namespace

void run_register_blocks(Report& report, const Settings& settings) {
  gets(report, settings);
  single_puts(report, settings);
  batched_puts(report, settings);
}

}  // namespace dialog::bench
