#pragma once

#include <vector>

#include "dialog/http/http_transport.hpp"
#include "dialog/http/rest_backend_config.hpp"
#include "dialog/http/revocation_messages.hpp"
#include "dialog/remote/revocations.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// Revokes a capability of a subject at a remote: durably, once this returns. Signed by whoever may
/// do that; docs/protocol/signatures.md says who. Safe to repeat, and repeated after transient
/// faults. `invalid_argument` and `malformed` for a capability that is none, `unauthorized`,
/// `unsupported` where the remote takes none, `resource_exhausted`, `unavailable`, `timeout`,
/// `cancelled`, `not_a_remote`. One round trip.
Result<Revocation> revoke(const RestBackendConfig& config, HttpTransport transport,
                          const Subject& subject, const wire::RevokeMessage& message,
                          const Context& context = {});

/// What is revoked at a remote. Errors as with `revoke`. One round trip.
Result<std::vector<Revocation>> fetch_revocations(const RestBackendConfig& config,
                                                  HttpTransport transport, const Subject& subject,
                                                  const Context& context = {});

}  // namespace dialog
