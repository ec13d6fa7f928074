#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "dialog/http/http_transport.hpp"
#include "dialog/http/rest_backend_config.hpp"
#include "dialog/http/subject_messages.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

namespace detail {
class RestCaller;
}

/// What an operator does with the subjects of a server, over HTTP. Each call is one request, and
/// its repetitions after transient faults. Thread-safe.
///
/// Errors of every call: those of `RestBackend`, as plain errors; `unauthorized` where the token
/// does not allow it; `unsupported` where the server or its store does not do that;
/// `not_a_remote`.
class AdminClient {
 public:
  /// No I/O. `invalid_argument` as with `RestBackend`.
  static Result<AdminClient> create(const RestBackendConfig& config, HttpTransport transport);

  /// A page of the subjects, in the order of their ids, those behind `after`.
  Result<ServerStore::Page> list(const std::optional<Hash>& after, std::size_t limit,
                                 const Context& context = {});
  Result<wire::UsageMessage> usage(const Subject& subject, const Context& context = {});
  /// Durable at return. Says whether there was anything: false also where an answer was lost and
  /// the request was sent again.
  Result<bool> remove(const Subject& subject, const Context& context = {});
  /// Durable at return. Absent: the server's default.
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context = {});

 private:
  explicit AdminClient(std::shared_ptr<const detail::RestCaller> caller)
      : caller_(std::move(caller)) {}
  Result<HttpResponse> send(const HttpRequest& request, std::size_t answer_bytes_max,
                            const Context& context);
  std::shared_ptr<const detail::RestCaller> caller_;
};

}  // namespace dialog
