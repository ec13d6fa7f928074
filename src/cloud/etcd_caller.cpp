#include "etcd_caller.hpp"

#include <algorithm>
#include <utility>

#include "dialog/base/check.hpp"

namespace dialog::etcd {
namespace {

constexpr std::size_t kAnswerBytesMax = std::size_t{8} << 20U;
// A token may run out once just when it is used; twice is no accident.
constexpr int kRenewalsMax = 2;

bool is_visible(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Refusal judge_failure(HttpFailure failure) {
  const Effect effect = failure.may_have_been_received ? Effect::open : Effect::none;
  Error& error = failure.error;
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return {std::move(error), Remedy::later, effect};
    // What is no answer of HTTP, or far too long for one of etcd.
    case ErrorCode::malformed:
    case ErrorCode::too_large:
      error.code = ErrorCode::not_a_remote;
      return {std::move(error), Remedy::other_member, effect};
    case ErrorCode::not_a_remote:
      return {std::move(error), Remedy::other_member, effect};
    default:
      return {std::move(error), Remedy::none, effect};
  }
}

}  // namespace

Result<std::unique_ptr<Caller>> Caller::create(EtcdAddress address, EtcdOptions options,
                                               HttpTransport transport) {
  DIALOG_CHECK(transport.client && transport.clock && transport.random,
               "a transport without its parts");
  if (options.timeout <= options.timeout.zero() ||
      options.member_timeout <= options.member_timeout.zero() || !is_valid(options.retry) ||
      options.history_kept < 1) {
    return fail(ErrorCode::invalid_argument,
                "time-outs, repetitions and the kept history must be positive");
  }
  if (options.credentials) {
    if (options.credentials->user.empty() || !is_utf8(options.credentials->user) ||
        !is_utf8(options.credentials->password)) {
      return fail(ErrorCode::invalid_argument, "a user of etcd has a name, in UTF-8");
    }
    if (!address.is_tls() && !address.is_loopback() && !options.plain_http_credentials) {
      return fail(ErrorCode::invalid_argument,
                  "the password for " + address.text() +
                      " would travel unencrypted; use etcds://, or allow it explicitly");
    }
  }
  return std::unique_ptr<Caller>(
      new Caller(std::move(address), std::move(options), std::move(transport)));
}

Context Caller::bounded(const Context& context) const {
  Context result = context;
  const MonotonicTime until = clock().now() + options_.timeout;
  result.deadline = std::min(context.deadline.value_or(until), until);
  return result;
}

Context Caller::bounded_by_member(const Context& context) const {
  Context result = context;
  const MonotonicTime until = clock().now() + options_.member_timeout;
  result.deadline = std::min(context.deadline.value_or(until), until);
  return result;
}

Result<CallAnswer, CallFailure> Caller::call(std::string_view path, const Bytes& body,
                                             const Context& context) {
  const auto& members = address_.endpoints();
  CallFailure failure;
  bool told = false;
  int renewals = 0;
  for (int round = 0;; ++round) {
    bool may_mend = false;
    const std::size_t first = preferred_;
    for (std::size_t i = 0; i < members.size();) {
      if (auto wanted = check_context(context, clock()); !wanted) {
        // What went wrong until now tells more than that time is over.
        if (!told || wanted.error().code != ErrorCode::timeout) {
          failure.error = std::move(wanted).error();
        }
        return fail(std::move(failure));
      }
      const std::size_t at = (first + i) % members.size();
      auto answer = ask(members[at], path, body, context);
      if (answer) {
        preferred_ = at;
        return CallAnswer{*std::move(answer), failure.effect};
      }
      Refusal refusal = std::move(answer).error();
      told = true;
      failure.error = std::move(refusal.error);
      failure.effect = std::max(failure.effect, refusal.effect);
      if (refusal.remedy == Remedy::none) return fail(std::move(failure));
      if (refusal.remedy == Remedy::new_token) {
        if (!options_.credentials || ++renewals > kRenewalsMax) return fail(std::move(failure));
        continue;
      }
      may_mend = may_mend || refusal.remedy == Remedy::later;
      ++i;
    }
    if (!may_mend || round + 1 >= options_.retry.attempts_max) return fail(std::move(failure));
    const auto waited = wait_to_repeat(transport_, options_.retry, round, {}, context);
    if (!waited) failure.error = waited.error();
    // Waiting past the deadline would only turn a telling answer into a time-out.
    if (!waited || !*waited) return fail(std::move(failure));
  }
}

Result<json::Value, Refusal> Caller::ask(const Endpoint& member, std::string_view path,
                                         const Bytes& body, const Context& context) {
  const Context until = bounded_by_member(context);
  Token used;
  if (options_.credentials) {
    auto got = token(member, until);
    if (!got) {
      Refusal refusal = std::move(got).error();
      // The request itself was not sent.
      refusal.effect = Effect::none;
      return fail(std::move(refusal));
    }
    used = *std::move(got);
  }
  auto answer = post(member, path, body, used ? *used : std::string(), until);
  if (!answer && used && answer.error().remedy == Remedy::new_token) forget(used);
  return answer;
}

Result<json::Value, Refusal> Caller::post(const Endpoint& member, std::string_view path,
                                          const Bytes& body, const std::string& token,
                                          const Context& context) {
  HttpRequest request{"POST", member.text() + std::string(path), {}, body};
  request.headers.add("Content-Type", "application/json");
  if (!token.empty()) request.headers.add("Authorization", token);
  auto response = transport_.client->send(request, kAnswerBytesMax, context);
  if (!response) return fail(judge_failure(std::move(response).error()));
  if (response->status != 200) return fail(judge_refusal(*response, member.text()));
  json::Value answer = json::parse(response->body);
  // Every answer says which cluster it is from.
  if (json::member(answer, "header") == nullptr) {
    return fail(Refusal{Error{ErrorCode::not_a_remote,
                              member.text() + " answers, but not as etcd does: check the address",
                              {}},
                        Remedy::other_member, Effect::open});
  }
  return answer;
}

// Many threads that need a token share one request: each costs the cluster some 100 ms of work.
Result<Caller::Token, Refusal> Caller::token(const Endpoint& member, const Context& context) {
  const std::lock_guard lock(token_mutex_);
  if (token_) return token_;
  if (auto wanted = check_context(context, clock()); !wanted) {
    return fail(Refusal{std::move(wanted).error(), Remedy::later, Effect::none});
  }
  const auto& credentials = *options_.credentials;
  auto answer = post(member, kAuthenticatePath,
                     print_authenticate(credentials.user, credentials.password), {}, context);
  if (!answer) {
    Refusal refusal = std::move(answer).error();
    if (!refusal.needs_no_token) return fail(std::move(refusal));
    token_ = std::make_shared<const std::string>();
    return token_;
  }
  const std::string* text = json::string_member(*answer, "token");
  if (text == nullptr || !is_visible(*text)) {
    return fail(Refusal{
        Error{ErrorCode::not_a_remote, member.text() + " gives no token that can be used", {}},
        Remedy::other_member, Effect::none});
  }
  token_ = std::make_shared<const std::string>(*text);
  return token_;
}

void Caller::forget(const Token& token) {
  const std::lock_guard lock(token_mutex_);
  if (token_ == token) token_.reset();
}

Error strange_answer(const Caller& caller) {
  return {ErrorCode::not_a_remote,
          caller.address().text() + " gives an answer that etcd would not give",
          {}};
}

}  // namespace dialog::etcd
