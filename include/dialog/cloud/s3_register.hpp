#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dialog/cloud/s3_config.hpp"
#include "dialog/http/http_transport.hpp"
#include "dialog/http/parallel.hpp"
#include "dialog/remote/shared_register.hpp"

namespace dialog {

namespace detail {
class S3Caller;
struct HeadObject;
}  // namespace detail

/// A register in a bucket: one object per subject, replaced by conditional writes, as
/// `docs/format/bucket.md` describes it. Any number of these, in any processes, may share a bucket.
/// Thread-safe. The history keeps the latest 100 swaps of a subject, fewer with long authors.
///
/// A read is one request. A swap is one where this object knows the head already, from a read or a
/// swap before; else one more to look at it, but for the first of a subject. Whoever loses looks
/// once more. Before this object creates the first record of any subject it makes sure, by five
/// requests, that the store honours conditions (see `probe`).
///
/// Requests are repeated after transient faults. Where the answer to a write is lost, the object
/// itself tells what became of it: each swap leaves an identifier there. Only what cannot be found
/// out, in time or because more swaps followed than the history keeps, is `indeterminate`. Beyond
/// the errors of `Register`: `not_a_remote` where the endpoint is no object store or lacks the
/// bucket, `corrupt` where something else lies in the head's place, `unsupported` where the store
/// ignores conditions; `invalid_argument` for an author of more than 4096 bytes, or not of UTF-8.
class S3Register final : public SharedRegister {
 public:
  /// No I/O. `parallel_for` is for `list`; without it the requests follow each other.
  /// `invalid_argument`, `unauthorized` where there are no credentials.
  static Result<std::unique_ptr<S3Register>> create(S3Config config, HttpTransport transport,
                                                    ParallelFor parallel_for = {});
  ~S3Register() override;

  /// Makes sure that the store honours the conditions of writes; many that look like S3 do not, and
  /// would lose swaps. `unsupported` where it does not. Writes an object of its own beside the
  /// subjects and removes it again, where the credentials allow that.
  [[nodiscard]] Result<void> probe(const Context& context);

  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override;
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override;
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override;
  Result<bool> begin_removal(const Subject& subject, bool unpublished_too,
                             const Context& context) override;
  Result<void> end_removal(const Subject& subject, const Context& context) override;
  /// A request for each thousand subjects of the bucket, and one for each of them.
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override;

 private:
  struct Stored;
  struct Seen;
  class Changing;
  S3Register(std::shared_ptr<const detail::S3Caller> caller, ParallelFor parallel_for);
  Result<std::optional<Stored>> load(const Subject& subject, const Context& context);
  Result<std::optional<Listed>> load_listed(const Hash& id, const Context& context);

  std::shared_ptr<const detail::S3Caller> caller_;
  ParallelFor parallel_for_;
  std::unique_ptr<Seen> seen_;
};

}  // namespace dialog
