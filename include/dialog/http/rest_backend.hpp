#pragma once

#include <memory>
#include <optional>

#include "dialog/http/http_transport.hpp"
#include "dialog/http/register_messages.hpp"
#include "dialog/http/rest_backend_config.hpp"
#include "dialog/remote/revision_backend.hpp"
#include "dialog/remote/revision_cache.hpp"

namespace dialog {

namespace detail {
class RestCaller;
}

/// A register behind HTTP, as `docs/protocol/register.md` describes it. Thread-safe.
///
/// Beyond the errors that `RevisionBackend` names: code `not_a_remote` where the endpoint answers
/// like something else (another web server, a redirect), `timeout`, `cancelled`.
///
/// `fetch` and `history` are repeated after transient faults, as the configuration says. `swap` is
/// sent again only where it is certain that no byte of it arrived; otherwise a lost answer is a
/// `PublishFailed` marked indeterminate, and what became of the swap is for the caller to find out:
/// by `fetch`, then by `history`, which ends incomplete after 64 pages or a MiB of them. It takes
/// one round trip; one more where the register refuses or accepts without telling its revision.
class RestBackend final : public RevisionBackend {
 public:
  /// No I/O. `invalid_argument` where the configuration is wrong: the endpoint, a header, or
  /// credentials that would travel in the clear.
  static Result<RestBackend> create(const RestBackendConfig& config, HttpTransport transport);

 private:
  explicit RestBackend(std::shared_ptr<const detail::RestCaller> caller)
      : caller_(std::move(caller)) {}

  RemoteResult<std::optional<Revision>> do_revision(const Subject& subject) const override;
  RemoteResult<Head> do_fetch(const Subject& subject, const Context& context) override;
  RemoteResult<Head> do_swap(const Subject& subject, const Revision& expected,
                             const Revision& desired, const Context& context) override;
  RemoteResult<std::optional<HeadHistory>> do_history(const Subject& subject, std::uint64_t after,
                                                      const Context& context) override;
  std::unique_ptr<RevisionBackend> do_clone() const override;

  RemoteResult<Head> fetch_until(const Subject& subject, const Context& context);
  RemoteResult<Head> judge_swap(const Subject& subject, const Revision& expected,
                                const Revision& desired, const HttpResponse& response,
                                const Context& context);
  RemoteResult<Head> judge_unnamed(const Subject& subject, const Revision& expected,
                                   const Revision& desired, bool refused, const Context& context);

  std::shared_ptr<const detail::RestCaller> caller_;
  RevisionCache cache_;
};

/// What the remote offers. Absent where it does not say: it is a plain register then, or no remote
/// at all. `invalid_argument`, `unauthorized`, `unavailable`, `timeout`, `cancelled`, `unsupported`
/// (a newer protocol). One round trip.
Result<std::optional<wire::Capabilities>> fetch_capabilities(const RestBackendConfig& config,
                                                             HttpTransport transport,
                                                             const Context& context = {});

}  // namespace dialog
