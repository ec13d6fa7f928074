#include <algorithm>
#include <span>

#include "handlers.hpp"
#include "metrics.hpp"

namespace dialog::server {
namespace {

// What is read at once for a batch: bounds how much is read and then left out of the answer.
constexpr std::size_t kReadAtOnce = 16;

Answer blocks_answer(Bytes body) {
  Answer answer;
  answer.response.status = 200;
  answer.response.headers.add("Content-Type", std::string(wire::kBlocksMediaType));
  answer.response.body = std::move(body);
  return answer;
}

void count_read(const Task& task, const Block& block) {
  Metrics::add(task.metrics.blocks_read);
  Metrics::add(task.metrics.block_bytes_read, block.size());
}

Result<void> store(const Task& task, std::span<const Block> blocks) {
  const auto archive = task.store.archive_for(task.subject());
  DIALOG_TRY(archive->put(blocks, task.context));
  // A client publishes a revision once its blocks are acknowledged, so they must be durable by
  // then.
  DIALOG_TRY(archive->flush(task.context));
  count_stored(task, blocks);
  return {};
}

Result<std::vector<Block>> read_frames(const Task& task) {
  wire::FrameReader reader(
      {.block_bytes_max = task.config.block_bytes_max, .frames_max = task.config.batch_hashes_max});
  reader.feed(task.request.body);
  std::vector<Block::Claim> claims;
  for (;;) {
    DIALOG_ASSIGN(const auto frame, reader.next());
    if (!frame) break;
    if (!frame->bytes) return fail(ErrorCode::malformed, "a frame to be stored has no bytes");
    claims.push_back({frame->hash, *frame->bytes});
  }
  DIALOG_TRY(reader.finish());
  return Block::checked_each(claims);
}

std::size_t frame_bytes(const std::optional<Block>& block) {
  return wire::frame_bytes(block ? block->size() : 0);
}

// As many as one answer has room for, from the first on; at least one. The client asks again for
// the rest.
Result<std::vector<std::optional<Block>>> read_fitting(const Task& task,
                                                       std::span<const Hash> hashes) {
  const auto archive = task.store.archive_for(task.subject());
  std::vector<std::optional<Block>> fitting;
  std::size_t bytes = 0;
  while (fitting.size() < hashes.size()) {
    const auto rest = hashes.subspan(fitting.size());
    DIALOG_ASSIGN(auto blocks,
                  archive->get(rest.first(std::min(rest.size(), kReadAtOnce)), task.context));
    for (auto& block : blocks) {
      bytes += frame_bytes(block);
      if (!fitting.empty() && bytes > task.config.batch_bytes_max) return fitting;
      fitting.push_back(std::move(block));
    }
  }
  return fitting;
}

}  // namespace

void count_stored(const Task& task, std::span<const Block> blocks) {
  Metrics::add(task.metrics.blocks_stored, blocks.size());
  for (const Block& block : blocks) Metrics::add(task.metrics.block_bytes_stored, block.size());
}

Answer get_block(const Task& task) {
  const auto block =
      task.store.archive_for(task.subject())->get_one(task.route.block, task.context);
  if (!block) return store_error_answer(block.error());
  if (!*block)
    return error_answer({ErrorCode::not_found, "there is no block " + task.route.block.hex(), {}});
  count_read(task, **block);
  Answer answer;
  answer.response.status = 200;
  answer.response.headers.add("Content-Type", std::string(wire::kBlockMediaType));
  answer.response.headers.add("Cache-Control", "private, max-age=31536000, immutable");
  answer.response.body = Bytes((*block)->bytes());
  return answer;
}

Result<Block, Answer> read_block(const Task& task) {
  auto block = Block::checked(task.route.block, task.request.body);
  if (!block) return fail(error_answer(block.error()));
  return *std::move(block);
}

Answer stored_answer(const Result<void>& stored) {
  return stored ? no_content() : store_error_answer(stored.error());
}

Answer put_block(const Task& task) {
  const auto block = read_block(task);
  return block ? stored_answer(store(task, {&*block, 1})) : block.error();
}

Answer get_blocks(const Task& task) {
  const auto hashes = wire::parse_hashes(task.request.body, task.config.batch_hashes_max);
  if (!hashes) return error_answer(hashes.error());
  const auto blocks = read_fitting(task, *hashes);
  if (!blocks) return store_error_answer(blocks.error());
  std::size_t bytes = 0;
  for (const auto& block : *blocks) bytes += frame_bytes(block);
  Bytes body;
  // At once: a string that grows holds more than it shows.
  body.reserve(bytes);
  for (std::size_t i = 0; i < blocks->size(); ++i) {
    if (const auto& block = (*blocks)[i]) {
      count_read(task, *block);
      wire::append_frame(body, *block);
    } else {
      wire::append_absent_frame(body, (*hashes)[i]);
    }
  }
  return blocks_answer(std::move(body));
}

Answer put_blocks(const Task& task) {
  const auto blocks = read_frames(task);
  if (!blocks) return error_answer(blocks.error());
  return stored_answer(store(task, *blocks));
}

Answer has_blocks(const Task& task) {
  const auto hashes = wire::parse_hashes(task.request.body, task.config.batch_hashes_max);
  if (!hashes) return error_answer(hashes.error());
  const auto present = task.store.archive_for(task.subject())->has(*hashes, task.context);
  if (!present) return store_error_answer(present.error());
  return blocks_answer(wire::print_presence(*present));
}

}  // namespace dialog::server
