#pragma once

#include <functional>
#include <optional>

#include "dialog/http/http_transport.hpp"
#include "dialog/http/rest_backend_config.hpp"
#include "dialog/http/watch_messages.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// Gets each change of a subject's record, in order and once; false ends the watch.
using OnWatchEvent = std::function<bool(const wire::WatchEvent& event)>;

/// Follows a subject at a remote that tells changes, until `on_event` ends that. `after`: where the
/// caller stands already, to be told only what came then; absent: begins with what the remote
/// holds. Where the connection is lost, or silent for 45 s, it goes on from the last event by
/// itself, after waits by the retry policy of `config`: for ever, once there was a stream, and as
/// often as the policy allows before. The time-out of `config` does not apply.
///
/// `cancelled` and `timeout` by `context`, `unauthorized` (also where the right ends meanwhile),
/// `unsupported` where the remote tells no changes, `not_a_remote`, `malformed`, `unavailable`.
/// Blocks; `on_event` is called on this thread.
Result<void> watch_head(const RestBackendConfig& config, HttpTransport transport,
                        const Subject& subject, std::optional<wire::WatchPosition> after,
                        const OnWatchEvent& on_event, const Context& context = {});

}  // namespace dialog
