#include "dialog/cloud/s3_archive.hpp"

#include <algorithm>
#include <utility>

#include "dialog/archive/unique_hashes.hpp"
#include "dialog/base/limits.hpp"
#include "s3_caller.hpp"

namespace dialog {

S3Archive::S3Archive(std::shared_ptr<const detail::S3Caller> caller, const Subject& subject,
                     ParallelFor parallel_for)
    : caller_(std::move(caller)),
      folder_(detail::blocks_folder(subject.id())),
      parallel_for_(std::move(parallel_for)) {}

Result<std::unique_ptr<S3Archive>> S3Archive::create(S3Config config, HttpTransport transport,
                                                     const Subject& subject,
                                                     ParallelFor parallel_for) {
  DIALOG_ASSIGN(auto caller, detail::S3Caller::create(std::move(config), std::move(transport)));
  return std::unique_ptr<S3Archive>(
      new S3Archive(std::move(caller), subject, std::move(parallel_for)));
}

std::string S3Archive::name_of(const Hash& hash) const { return folder_ + hash.hex(); }

Result<std::vector<std::optional<Block>>> S3Archive::do_get(std::span<const Hash> hashes,
                                                            const Context& context) {
  DIALOG_TRY(check_context(context, caller_->clock()));
  const UniqueHashes unique(hashes);
  std::vector<std::optional<Block>> found(unique.hashes.size());
  DIALOG_TRY(for_each_number(parallel_for_, found.size(), [&](std::size_t i) -> Result<void> {
    DIALOG_ASSIGN(found[i], get_block(unique.hashes[i], context));
    return {};
  }));
  return unique.spread(found);
}

Result<std::optional<Block>> S3Archive::get_block(const Hash& hash, const Context& context) const {
  // Room for the body of a refusal, too.
  constexpr std::size_t kBytesMax = std::max(kBlockBytesMax, detail::kS3AnswerBytesMax);
  auto response =
      caller_->send({"GET", name_of(hash), {}, {}}, kBytesMax, caller_->bounded(context));
  if (!response) return fail(caller_->refusal(response.error()));
  if (response->status == 404 && detail::s3_code(*response) == "NoSuchKey")
    return std::optional<Block>();
  if (response->status != 200) return fail(caller_->refusal(*response));
  auto block = Block::checked(hash, std::move(response->body));
  if (!block) return fail(block.error().within(caller_->location().text()));
  return std::optional<Block>(*std::move(block));
}

Result<void> S3Archive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_context(context, caller_->clock()));
  DIALOG_TRY(check_block_sizes(blocks));
  return for_each_number(parallel_for_, blocks.size(),
                         [&](std::size_t i) { return put_block(blocks[i], context); });
}

Result<void> S3Archive::put_block(const Block& block, const Context& context) const {
  detail::S3Request request{"PUT", name_of(block.hash()), {}, Bytes(block.bytes())};
  request.headers.add("Content-Type", "application/octet-stream");
  // What is there stays: it is the same, and a store that keeps versions would keep each.
  request.headers.add("If-None-Match", "*");
  const Context until = caller_->bounded(context);
  for (int attempt = 0;; ++attempt) {
    const auto response = caller_->send(request, detail::kS3AnswerBytesMax, until);
    if (!response) return fail(caller_->refusal(response.error()));
    // A web page that answers 200 to everything must not pass for stored blocks.
    const bool stored = response->status == 200 && detail::s3_etag(*response);
    // Whatever stands before the store may answer 412, too.
    const bool present =
        response->status == 412 && detail::s3_code(*response) == "PreconditionFailed";
    if (stored || present) return {};
    Error error = caller_->refusal(*response);
    // 409: somebody else is storing the same block just now, and may yet fail to.
    const bool last = attempt + 1 >= caller_->retry().attempts_max;
    if (response->status != 409 || last) return fail(std::move(error));
    DIALOG_ASSIGN(const bool waited,
                  wait_to_repeat(caller_->transport(), caller_->retry(), attempt, {}, until));
    if (!waited) return fail(std::move(error));
  }
}

Result<std::vector<bool>> S3Archive::do_has(std::span<const Hash> hashes, const Context& context) {
  DIALOG_TRY(check_context(context, caller_->clock()));
  const UniqueHashes unique(hashes);
  // Not of bool: neighbours are written from several threads.
  std::vector<char> found(unique.hashes.size());
  DIALOG_TRY(for_each_number(parallel_for_, found.size(), [&](std::size_t i) -> Result<void> {
    DIALOG_ASSIGN(const bool present, has_block(unique.hashes[i], context));
    found[i] = present ? 1 : 0;
    return {};
  }));
  const std::vector<char> present = unique.spread(found);
  return std::vector<bool>(present.begin(), present.end());
}

Result<bool> S3Archive::has_block(const Hash& hash, const Context& context) const {
  const auto response = caller_->send({"HEAD", name_of(hash), {}, {}}, detail::kS3AnswerBytesMax,
                                      caller_->bounded(context));
  if (!response) return fail(caller_->refusal(response.error()));
  if (response->status == 200) return true;
  // Without a body nothing says whether the bucket is there; whoever stores or reads will be told.
  if (response->status == 404) return false;
  return fail(caller_->refusal(*response));
}

Result<void> S3Archive::do_flush(const Context& context) {
  return check_context(context, caller_->clock());
}

}  // namespace dialog
