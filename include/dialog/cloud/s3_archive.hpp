#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/cloud/s3_config.hpp"
#include "dialog/http/http_transport.hpp"
#include "dialog/http/parallel.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

namespace detail {
class S3Caller;
}

/// The blocks of one subject in a bucket: an object each, as `docs/format/bucket.md` describes it.
/// Thread-safe, and any number of these may share a bucket.
///
/// Every block is one request, `has` too; they run as `parallel_for` allows, and each is repeated
/// after transient faults, since storing a block twice does no harm. What `put` accepted is
/// durable; `flush` has nothing to do. A block that is there already is not written again. Every
/// received block is hashed before it is handed on. Beyond the errors of `Archive`: `not_a_remote`
/// where the endpoint is no object store or lacks the bucket, `corrupt`. A block is never so large
/// that uploading it in parts would pay.
class S3Archive final : public Archive {
 public:
  /// No I/O. Without `parallel_for` the requests follow each other. `invalid_argument`,
  /// `unauthorized` where there are no credentials.
  static Result<std::unique_ptr<S3Archive>> create(S3Config config, HttpTransport transport,
                                                   const Subject& subject,
                                                   ParallelFor parallel_for = {});

 private:
  friend class S3Archives;
  S3Archive(std::shared_ptr<const detail::S3Caller> caller, const Subject& subject,
            ParallelFor parallel_for);
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  [[nodiscard]] std::string name_of(const Hash& hash) const;
  Result<std::optional<Block>> get_block(const Hash& hash, const Context& context) const;
  Result<void> put_block(const Block& block, const Context& context) const;
  Result<bool> has_block(const Hash& hash, const Context& context) const;

  std::shared_ptr<const detail::S3Caller> caller_;
  std::string folder_;
  ParallelFor parallel_for_;
};

}  // namespace dialog
