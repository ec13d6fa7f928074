#include "dialog/http/http_archive.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <utility>

#include "dialog/archive/unique_hashes.hpp"
#include "dialog/http/wire.hpp"
#include "rest_caller.hpp"

namespace dialog {
namespace {

// Room for the body of a refusal, and for what `has` answers.
constexpr std::size_t kAnswerBytesMin = std::size_t{64} * 1024;
static_assert(kAnswerBytesMin >= wire::kBatchHashesMax);

constexpr int kTooLarge = 413;

// On the slowest line that is worth waiting for.
constexpr std::size_t kBytesPerSecondMin = std::size_t{32} * 1024;

std::chrono::nanoseconds transfer_time(std::size_t bytes) {
  return std::chrono::seconds(bytes / kBytesPerSecondMin);
}

// What an answer to `get` may hold, whatever the remote says of itself.
constexpr std::size_t kGetBytesMax =
    std::max(wire::kBatchBytesMax, wire::frame_bytes(kBlockBytesMax));

}  // namespace

/// What the remote takes at once, as far as is known. The bounds only fall. Thread-safe.
struct HttpArchive::Limits {
  std::atomic<std::size_t> hashes_max;
  std::atomic<std::size_t> bytes_max;

  explicit Limits(const wire::Capabilities& told)
      : hashes_max(std::clamp<std::size_t>(told.batch_hashes_max, 1, wire::kBatchHashesMax)),
        bytes_max(std::clamp<std::size_t>(told.batch_bytes_max, 1, wire::kBatchBytesMax)) {}

  static void lower(std::atomic<std::size_t>& bound, std::size_t to) {
    std::size_t now = bound.load();
    while (to < now && !bound.compare_exchange_weak(now, to)) {
    }
  }

  // What goes into one request: at least one element.
  [[nodiscard]] std::span<const Hash> first_of(std::span<const Hash> hashes) const {
    return hashes.first(std::min(hashes.size(), hashes_max.load()));
  }
  [[nodiscard]] std::span<const Block> first_of(std::span<const Block> blocks) const {
    const std::size_t bytes_bound = bytes_max.load();
    const std::size_t count_max = std::min(blocks.size(), hashes_max.load());
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (; count < count_max; ++count) {
      bytes += wire::frame_bytes(blocks[count].size());
      if (count > 0 && bytes > bytes_bound) break;
    }
    return blocks.first(count);
  }

  template <class T>
  [[nodiscard]] std::vector<std::span<const T>> cut(std::span<const T> all) const {
    std::vector<std::span<const T>> batches;
    for (; !all.empty(); all = all.subspan(batches.back().size())) batches.push_back(first_of(all));
    return batches;
  }
};

struct HttpArchive::Question {
  std::string_view name;
  Bytes body;
  std::size_t answer_bytes_max;
  std::size_t count;  ///< of the hashes or blocks that it is about
};

HttpArchive::HttpArchive(std::shared_ptr<const detail::RestCaller> caller, Subject subject,
                         HttpArchiveOptions options)
    : caller_(std::move(caller)),
      subject_(std::move(subject)),
      parallel_for_(std::move(options.parallel_for)),
      limits_(std::make_unique<Limits>(options.capabilities)) {}

HttpArchive::~HttpArchive() = default;

Result<std::unique_ptr<HttpArchive>> HttpArchive::create(const RestBackendConfig& config,
                                                         HttpTransport transport, Subject subject,
                                                         HttpArchiveOptions options) {
  DIALOG_ASSIGN(auto caller, detail::RestCaller::create(config, std::move(transport)));
  return std::unique_ptr<HttpArchive>(
      new HttpArchive(std::move(caller), std::move(subject), std::move(options)));
}

Result<std::vector<std::optional<Block>>> HttpArchive::do_get(std::span<const Hash> hashes,
                                                              const Context& context) {
  const UniqueHashes unique(hashes);
  const auto batches = limits_->cut(std::span(unique.hashes));
  std::vector<std::vector<std::optional<Block>>> answers(batches.size());
  DIALOG_TRY(for_each_number(parallel_for_, batches.size(), [&](std::size_t i) -> Result<void> {
    DIALOG_ASSIGN(answers[i], get_batch(batches[i], context));
    return {};
  }));
  std::vector<std::optional<Block>> found;
  found.reserve(unique.hashes.size());
  for (auto& answer : answers) std::move(answer.begin(), answer.end(), std::back_inserter(found));
  return unique.spread(found);
}

// The remote answers a prefix of what it is asked, as long as its limit of bytes allows; the rest
// is asked again.
Result<std::vector<std::optional<Block>>> HttpArchive::get_batch(std::span<const Hash> hashes,
                                                                 const Context& context) const {
  std::vector<std::optional<Block>> blocks;
  blocks.reserve(hashes.size());
  while (blocks.size() < hashes.size()) {
    const auto asked = limits_->first_of(hashes.subspan(blocks.size()));
    DIALOG_ASSIGN(const auto body,
                  post({"get", wire::print_hashes(asked), kGetBytesMax, asked.size()}, context));
    if (!body) {
      Limits::lower(limits_->hashes_max, asked.size() / 2);
      continue;
    }
    DIALOG_TRY(read_frames(*body, asked, blocks));
  }
  return blocks;
}

// Adds what a remote answered to `blocks`: an element for each of the first ones that were asked.
Result<void> HttpArchive::read_frames(const Bytes& body, std::span<const Hash> asked,
                                      std::vector<std::optional<Block>>& blocks) const {
  wire::FrameReader reader({kBlockBytesMax, asked.size()});
  reader.feed(body);
  std::size_t answered = 0;
  std::vector<Block::Claim> claims;
  std::vector<std::size_t> places;
  while (true) {
    DIALOG_ASSIGN(const auto frame, reader.next());
    if (!frame) break;
    if (frame->hash != asked[answered++]) {
      return fail(ErrorCode::malformed,
                  caller_->endpoint().text() + " answers with blocks that were not asked for");
    }
    if (frame->bytes) {
      claims.push_back({frame->hash, *frame->bytes});
      places.push_back(blocks.size());
    }
    blocks.emplace_back();
  }
  DIALOG_TRY(reader.finish());
  if (answered == 0) {
    return fail(ErrorCode::malformed,
                caller_->endpoint().text() + " answers without a single block");
  }
  DIALOG_ASSIGN(auto checked, Block::checked_each(claims));
  for (std::size_t i = 0; i < places.size(); ++i) blocks[places[i]] = std::move(checked[i]);
  return {};
}

Result<void> HttpArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_block_sizes(blocks));
  const auto batches = limits_->cut(blocks);
  return for_each_number(parallel_for_, batches.size(),
                         [&](std::size_t i) { return put_batch(batches[i], context); });
}

Result<void> HttpArchive::put_batch(std::span<const Block> blocks, const Context& context) const {
  while (!blocks.empty()) {
    const auto sent = limits_->first_of(blocks);
    Bytes body;
    for (const Block& block : sent) wire::append_frame(body, block);
    const std::size_t bytes = body.size();
    DIALOG_ASSIGN(const auto answer,
                  post({"put", std::move(body), kAnswerBytesMin, sent.size()}, context));
    if (answer) {
      blocks = blocks.subspan(sent.size());
    } else {
      Limits::lower(limits_->bytes_max, bytes / 2);
    }
  }
  return {};
}

Result<std::vector<bool>> HttpArchive::do_has(std::span<const Hash> hashes,
                                              const Context& context) {
  const auto batches = limits_->cut(hashes);
  std::vector<std::vector<bool>> answers(batches.size());
  DIALOG_TRY(for_each_number(parallel_for_, batches.size(), [&](std::size_t i) -> Result<void> {
    DIALOG_ASSIGN(answers[i], has_batch(batches[i], context));
    return {};
  }));
  std::vector<bool> result;
  result.reserve(hashes.size());
  for (const auto& answer : answers) result.insert(result.end(), answer.begin(), answer.end());
  return result;
}

Result<std::vector<bool>> HttpArchive::has_batch(std::span<const Hash> hashes,
                                                 const Context& context) const {
  std::vector<bool> present;
  while (present.size() < hashes.size()) {
    const auto asked = limits_->first_of(hashes.subspan(present.size()));
    DIALOG_ASSIGN(const auto body,
                  post({"has", wire::print_hashes(asked), kAnswerBytesMin, asked.size()}, context));
    if (!body) {
      Limits::lower(limits_->hashes_max, asked.size() / 2);
      continue;
    }
    DIALOG_ASSIGN(const auto answer, wire::parse_presence(*body, asked.size()));
    present.insert(present.end(), answer.begin(), answer.end());
  }
  return present;
}

Result<void> HttpArchive::do_flush(const Context& context) {
  return check_context(context, caller_->clock());
}

/// Absent where the remote refuses it as too large, and it can be divided.
Result<std::optional<Bytes>> HttpArchive::post(Question question, const Context& context) const {
  const Endpoint& endpoint = caller_->endpoint();
  const std::string_view name = question.name;
  HttpRequest request = caller_->request("POST", endpoint.blocks_url(subject_, name));
  request.headers.add("Content-Type", std::string(wire::kBlocksMediaType));
  request.body = std::move(question.body);
  auto response = caller_->send(
      request, question.answer_bytes_max,
      caller_->bounded(context, transfer_time(request.body.size() + question.answer_bytes_max)),
      Repeat::always);
  if (!response) {
    Error error = std::move(response).error().error;
    if (error.code == ErrorCode::malformed) error.code = ErrorCode::not_a_remote;
    return fail(error.within(endpoint.text()));
  }
  // Only the one status that means it: a web page that answers 200 to everything must not pass for
  // stored blocks.
  if (name == "put" && response->status == 204) return Bytes();
  if (response->status == kTooLarge && question.count > 1) return std::nullopt;
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
  if (response->status == kTooLarge)
    error.message += "; it takes not even one hash or block at a time: raise its limits";
  return fail(std::move(error));
}

}  // namespace dialog
