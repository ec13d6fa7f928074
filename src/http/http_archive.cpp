#include "dialog/http/http_archive.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "dialog/http/wire.hpp"
#include "rest_caller.hpp"

namespace dialog {
namespace {

using detail::Repeat;

// Room for the body of a refusal.
constexpr std::size_t kAnswerBytesMin = std::size_t{64} * 1024;

// On the slowest line that is worth waiting for.
constexpr std::size_t kBytesPerSecondMin = std::size_t{32} * 1024;

std::chrono::nanoseconds transfer_time(std::size_t bytes) {
  return std::chrono::seconds(bytes / kBytesPerSecondMin);
}

struct BatchRange {
  std::size_t first;
  std::size_t count;
};

std::vector<BatchRange> ranges_of(std::size_t total, std::size_t batch_max) {
  std::vector<BatchRange> ranges;
  for (std::size_t first = 0; first < total; first += batch_max) {
    ranges.push_back({first, std::min(batch_max, total - first)});
  }
  return ranges;
}

std::vector<BatchRange> ranges_of(std::span<const Block> blocks, const wire::Capabilities& limits) {
  std::vector<BatchRange> ranges;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::size_t more = wire::frame_bytes(blocks[i].size());
    if (ranges.empty() || ranges.back().count == limits.batch_hashes_max ||
        bytes + more > limits.batch_bytes_max) {
      ranges.push_back({i, 0});
      bytes = 0;
    }
    ++ranges.back().count;
    bytes += more;
  }
  return ranges;
}

// The hashes without repeats, and for each of the given ones where it went.
struct Unique {
  std::vector<Hash> hashes;
  std::vector<std::size_t> positions;

  explicit Unique(std::span<const Hash> given) {
    std::unordered_map<Hash, std::size_t> known;
    positions.reserve(given.size());
    for (const Hash& hash : given) {
      const auto [entry, added] = known.try_emplace(hash, hashes.size());
      if (added) hashes.push_back(hash);
      positions.push_back(entry->second);
    }
  }
};

}  // namespace

Result<std::unique_ptr<HttpArchive>> HttpArchive::create(const RestBackendConfig& config,
                                                         HttpTransport transport, Subject subject,
                                                         HttpArchiveOptions options) {
  DIALOG_ASSIGN(auto caller, detail::RestCaller::create(config, std::move(transport)));
  if (!options.parallel_for) {
    options.parallel_for = [](std::size_t count, const std::function<void(std::size_t)>& call) {
      for (std::size_t i = 0; i < count; ++i) call(i);
    };
  }
  return std::unique_ptr<HttpArchive>(
      new HttpArchive(std::move(caller), std::move(subject), std::move(options)));
}

Result<std::vector<std::optional<Block>>> HttpArchive::do_get(std::span<const Hash> hashes,
                                                              const Context& context) {
  const Unique unique(hashes);
  std::vector<std::optional<Block>> blocks(unique.hashes.size());
  const auto ranges = ranges_of(unique.hashes.size(), options_.capabilities.batch_hashes_max);
  DIALOG_TRY(for_each_batch(ranges.size(), [&](std::size_t i) {
    const auto [first, count] = ranges[i];
    return get_batch(std::span(unique.hashes).subspan(first, count),
                     std::span(blocks).subspan(first, count), context);
  }));
  std::vector<std::optional<Block>> result;
  result.reserve(hashes.size());
  for (const std::size_t position : unique.positions) result.push_back(blocks[position]);
  return result;
}

// The remote answers a prefix of what it is asked, as long as its limit of bytes allows; the rest
// is asked again.
Result<void> HttpArchive::get_batch(std::span<const Hash> hashes,
                                    std::span<std::optional<Block>> blocks,
                                    const Context& context) const {
  const auto& limits = options_.capabilities;
  const std::size_t answer_max =
      std::max(limits.batch_bytes_max, wire::frame_bytes(limits.block_bytes_max));
  std::size_t answered = 0;
  while (answered < hashes.size()) {
    const auto wanted = hashes.subspan(answered);
    DIALOG_ASSIGN(const Bytes body, post("get", wire::print_hashes(wanted), answer_max, context));
    wire::FrameReader reader({limits.block_bytes_max, wanted.size()});
    reader.feed(body);
    const std::size_t before = answered;
    while (true) {
      DIALOG_ASSIGN(const auto frame, reader.next());
      if (!frame) break;
      if (frame->hash != hashes[answered]) {
        return fail(ErrorCode::malformed,
                    caller_->endpoint().text() + " answers with blocks that were not asked for");
      }
      if (frame->bytes) {
        DIALOG_ASSIGN(blocks[answered], Block::checked(frame->hash, Bytes(*frame->bytes)));
      }
      ++answered;
    }
    DIALOG_TRY(reader.finish());
    if (answered == before) {
      return fail(ErrorCode::malformed,
                  caller_->endpoint().text() + " answers without a single block");
    }
  }
  return {};
}

Result<void> HttpArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_block_sizes(blocks));
  const auto ranges = ranges_of(blocks, options_.capabilities);
  return for_each_batch(ranges.size(), [&](std::size_t i) -> Result<void> {
    Bytes body;
    for (const Block& block : blocks.subspan(ranges[i].first, ranges[i].count))
      wire::append_frame(body, block);
    return post("put", std::move(body), kAnswerBytesMin, context).map([](const Bytes&) {});
  });
}

Result<std::vector<bool>> HttpArchive::do_has(std::span<const Hash> hashes,
                                              const Context& context) {
  const auto ranges = ranges_of(hashes.size(), options_.capabilities.batch_hashes_max);
  std::vector<std::vector<bool>> answers(ranges.size());
  DIALOG_TRY(for_each_batch(ranges.size(), [&](std::size_t i) -> Result<void> {
    const auto wanted = hashes.subspan(ranges[i].first, ranges[i].count);
    DIALOG_ASSIGN(const Bytes body, post("has", wire::print_hashes(wanted),
                                         std::max(kAnswerBytesMin, wanted.size()), context));
    DIALOG_ASSIGN(answers[i], wire::parse_presence(body, wanted.size()));
    return {};
  }));
  std::vector<bool> result;
  result.reserve(hashes.size());
  for (const auto& answer : answers) result.insert(result.end(), answer.begin(), answer.end());
  return result;
}

Result<void> HttpArchive::do_flush(const Context& context) {
  return check_context(context, caller_->clock());
}

Result<Bytes> HttpArchive::post(std::string_view name, Bytes body, std::size_t answer_bytes_max,
                                const Context& context) const {
  const Endpoint& endpoint = caller_->endpoint();
  HttpRequest request = caller_->request("POST", endpoint.blocks_url(subject_, name));
  request.headers.add("Content-Type", std::string(wire::kBlocksMediaType));
  request.body = std::move(body);
  auto response = caller_->send(
      request, answer_bytes_max,
      caller_->bounded(context, transfer_time(request.body.size() + answer_bytes_max)),
      Repeat::always);
  if (!response) {
    Error error = std::move(response).error().error;
    if (error.code == ErrorCode::malformed) error.code = ErrorCode::not_a_remote;
    return fail(error.within(endpoint.text()));
  }
  // Only the one status that means it: a web page that answers 200 to everything must not pass for
  // stored blocks.
  if (name == "put" && response->status == 204) return Bytes();
  if (name != "put" && response->status == 200) {
    const std::string* type = response->headers.find("Content-Type");
    if (type && wire::is_media_type(*type, wire::kBlocksMediaType))
      return std::move(response->body);
  }
  if (response->status >= 200 && response->status < 300) {
    return fail(ErrorCode::not_a_remote,
                endpoint.text() + " answers, but not as an archive; check the address");
  }
  Error error = detail::status_error(*response, endpoint);
  if (error.code == ErrorCode::not_found) {
    error.code = ErrorCode::not_a_remote;
    error.message += "; it keeps no blocks";
  }
  return fail(std::move(error));
}

Result<void> HttpArchive::for_each_batch(
    std::size_t count, const std::function<Result<void>(std::size_t)>& send) const {
  std::vector<std::optional<Error>> errors(count);
  std::atomic<bool> failed = false;
  options_.parallel_for(count, [&](std::size_t i) {
    if (failed.load(std::memory_order_relaxed)) return;
    if (auto outcome = send(i); !outcome) {
      errors[i] = std::move(outcome).error();
      failed.store(true, std::memory_order_relaxed);
    }
  });
  const auto first = std::find_if(errors.begin(), errors.end(),
                                  [](const auto& error) { return error.has_value(); });
  if (first != errors.end()) return fail(**first);
  return {};
}

}  // namespace dialog
