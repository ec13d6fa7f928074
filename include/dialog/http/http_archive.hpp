#pragma once

#include <memory>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/http/http_transport.hpp"
#include "dialog/http/limits.hpp"
#include "dialog/http/parallel.hpp"
#include "dialog/http/register_messages.hpp"
#include "dialog/http/rest_backend_config.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

namespace detail {
class RestCaller;
}

struct HttpArchiveOptions {
  /// Where known, the limits of a batch that the remote announces. They lower this library's own
  /// and never raise them.
  wire::Capabilities capabilities;
  /// Runs the requests of one batch. Absent: one after the other.
  ParallelFor parallel_for;
};

/// The blocks of one subject behind HTTP, as `docs/protocol/archive.md` describes it. Thread-safe.
///
/// A batch becomes as many requests as the limits ask for; every one is repeated after transient
/// faults, since storing a block twice does no harm. What the remote refuses as too large (413) is
/// sent again in halves, and whatever follows is as small: so limits that nobody told are learned.
/// What `put` accepted is durable; `flush` has nothing to do. Every received block is hashed before
/// it is handed on. Beyond the errors of `Archive`: `not_a_remote` where the endpoint answers like
/// something else, `malformed`, `corrupt`, `too_large`. The configured time-out is for each
/// request, and grows by what its bytes take at 32 KiB/s.
class HttpArchive final : public Archive {
 public:
  /// No I/O. `invalid_argument` as with `RestBackend`.
  static Result<std::unique_ptr<HttpArchive>> create(const RestBackendConfig& config,
                                                     HttpTransport transport, Subject subject,
                                                     HttpArchiveOptions options = {});

  ~HttpArchive() override;

 private:
  struct Limits;
  struct Question;
  HttpArchive(std::shared_ptr<const detail::RestCaller> caller, Subject subject,
              HttpArchiveOptions options);

  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  Result<std::optional<Bytes>> post(Question question, const Context& context) const;
  Result<std::vector<std::optional<Block>>> get_batch(std::span<const Hash> hashes,
                                                      const Context& context) const;
  Result<void> read_frames(const Bytes& body, std::span<const Hash> asked,
                           std::vector<std::optional<Block>>& blocks) const;
  Result<void> put_batch(std::span<const Block> blocks, const Context& context) const;
  Result<std::vector<bool>> has_batch(std::span<const Hash> hashes, const Context& context) const;

  std::shared_ptr<const detail::RestCaller> caller_;
  Subject subject_;
  ParallelFor parallel_for_;
  std::unique_ptr<Limits> limits_;
};

}  // namespace dialog
