#include "dialog/http/head_watch.hpp"

#include <utility>

#include "dialog/http/wire.hpp"
#include "rest_caller.hpp"

namespace dialog {
namespace {

/// What became of one connection.
enum class Ended : std::uint8_t { by_caller, by_remote };

class HeadWatch {
 public:
  HeadWatch(const detail::RestCaller& caller, const Subject& subject,
            std::optional<wire::WatchPosition> after, const OnWatchEvent& on_event)
      : caller_(caller), subject_(subject), position_(after), on_event_(on_event) {}

  Result<void> run(const Context& context) {
    for (int silent = 0;; ++silent) {
      was_heard_ = false;
      const auto ended = follow(context);
      if (ended && *ended == Ended::by_caller) return {};
      if (!ended && !is_passing(ended.error())) return fail(ended.error());
      // Something came: the next connection is the first of its kind again.
      if (was_heard_) silent = 0;
      if (!ended && !was_there_ && silent + 1 >= caller_.retry().attempts_max)
        return fail(ended.error());
      DIALOG_TRY(check_context(context, caller_.clock()));
      DIALOG_ASSIGN(const bool waited, caller_.wait_to_repeat(silent, retry_after_, context));
      if (!waited)
        return fail(ErrorCode::timeout, "the deadline would pass before the next attempt");
    }
  }

 private:
  static bool is_passing(const Error& error) {
    return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
  }

  Result<Ended> follow(const Context& context) {
    retry_after_ = {};
    HttpRequest request = caller_.request("GET", caller_.endpoint().watch_url(subject_));
    request.headers.add("Accept", std::string(wire::kEventStreamMediaType));
    if (position_) {
      request.headers.add(std::string(wire::kLastEventIdHeader),
                          wire::print_watch_position(*position_));
    }
    wire::EventStreamReader reader;
    Result<Ended> ended = Ended::by_remote;
    const HttpStream stream{[&](ByteView piece) {
      was_heard_ = was_there_ = true;
      reader.feed(piece);
      ended = take(reader);
      return ended && *ended == Ended::by_remote;
    }};
    auto response = caller_.stream(request, stream, context);
    // What was taken counts more than how the connection ended.
    if (!ended || *ended == Ended::by_caller) return ended;
    if (!response) {
      DIALOG_TRY(check_context(context, caller_.clock()));
      return fail(std::move(response).error().error.within(caller_.endpoint().text()));
    }
    if (response->status == 200) return ended;
    return fail(refusal(*response));
  }

  Result<Ended> take(wire::EventStreamReader& reader) {
    while (true) {
      DIALOG_ASSIGN(const auto told, reader.next());
      if (!told) return Ended::by_remote;
      auto event = wire::parse_watch_event(*told);
      if (!event) return fail(std::move(event).error().within(caller_.endpoint().text()));
      if (!*event) continue;
      position_ = (*event)->position();
      if (!on_event_(**event)) return Ended::by_caller;
    }
  }

  Error refusal(const HttpResponse& response) {
    Error error = detail::status_error(response, caller_.endpoint());
    if (is_transient(response.status)) {
      error.code = ErrorCode::unavailable;
      retry_after_ = retry_after(response, caller_.clock());
    }
    if (response.status == 404 || response.status == 405 || response.status == 501) {
      return {ErrorCode::unsupported,
              caller_.endpoint().text() +
                  " tells no changes: it is no server of this protocol, or an older one",
              {}};
    }
    return error;
  }

  const detail::RestCaller& caller_;
  const Subject& subject_;
  std::optional<wire::WatchPosition> position_;
  const OnWatchEvent& on_event_;
  std::chrono::nanoseconds retry_after_{0};
  bool was_there_ = false;  // any stream
  bool was_heard_ = false;  // this one
};

}  // namespace

Result<void> watch_head(const RestBackendConfig& config, HttpTransport transport,
                        const Subject& subject, std::optional<wire::WatchPosition> after,
                        const OnWatchEvent& on_event, const Context& context) {
  DIALOG_ASSIGN(const auto caller, detail::RestCaller::create(config, std::move(transport)));
  return HeadWatch(*caller, subject, after, on_event).run(context);
}

}  // namespace dialog
