#pragma once

#include <memory>

#include "dialog/cloud/s3_archive.hpp"
#include "dialog/remote/shared_archives.hpp"

namespace dialog {

/// The archives of all subjects of a bucket, for servers; the bucket is `S3Archive`'s. Thread-safe.
///
/// Blocks are counted and removed by listing them, a request for each thousand, and removed by one
/// request each; `list` counts those of every subject that it shows, and knows none of their DIDs.
/// Only an interrupted `remove` leaves blocks behind; it may be called again. Errors as of
/// `S3Archive`.
class S3Archives final : public SharedArchives {
 public:
  /// No I/O. Without `parallel_for` requests follow each other. `invalid_argument`, `unauthorized`
  /// where there are no credentials.
  static Result<std::unique_ptr<S3Archives>> create(S3Config config, HttpTransport transport,
                                                    ParallelFor parallel_for = {});

  std::shared_ptr<Archive> archive_for(const Subject& subject) override;
  Result<bool> any(const Subject& subject, const Context& context) override;
  Result<void> remove(const Subject& subject, const Context& context) override;
  Result<Usage> usage(const Subject& subject, const Context& context) override;
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override;

 private:
  S3Archives(std::shared_ptr<const detail::S3Caller> caller, ParallelFor parallel_for)
      : caller_(std::move(caller)), parallel_for_(std::move(parallel_for)) {}
  Result<Usage> count(const Hash& id, const Context& context) const;
  Result<void> remove_object(const std::string& name, const Context& context) const;

  std::shared_ptr<const detail::S3Caller> caller_;
  ParallelFor parallel_for_;
};

}  // namespace dialog
