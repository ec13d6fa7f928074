#include "credentials.hpp"

#include <algorithm>

#include "answers.hpp"
#include "dialog/http/url.hpp"
#include "dialog/server/replay_guard.hpp"

namespace dialog::server {
namespace {

using std::chrono::seconds;

// The secret of `Authorization: Bearer <secret>`; absent for any other scheme.
std::optional<std::string_view> bearer_secret(const HttpRequest& head) {
  const std::string* field = head.headers.find("Authorization");
  if (field == nullptr) return {};
  constexpr std::string_view kScheme = "bearer";
  std::string_view text = *field;
  if (text.size() <= kScheme.size() || text[kScheme.size()] != ' ') return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) | 0x20U) != static_cast<unsigned char>(kScheme[i]))
      return {};
  }
  text.remove_prefix(kScheme.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

Answer forbidden(std::string message) {
  return error_answer(403, {ErrorCode::unauthorized, std::move(message), {}});
}

// What only the subject's own key or a capability allows. Whoever revokes shows in the body what he
// may revoke, so his right is judged there.
bool is_revoking(const Route& route, std::string_view method) {
  return route.resource == Resource::revocations && method == "POST";
}

CapabilityAccess as_capability(Access access) {
  return access == Access::read ? CapabilityAccess::read : CapabilityAccess::write;
}

}  // namespace

std::optional<Access> needed_access(const Route& route, std::string_view method) {
  switch (route.resource) {
    case Resource::server:
    case Resource::capabilities:
    case Resource::description:
    case Resource::health:
    case Resource::readiness:
      return {};
    case Resource::blocks_put:
      return Access::write;
    case Resource::subjects:
    case Resource::quota:
      return Access::admin;
    case Resource::revocations:
      return is_revoking(route, method) ? Access::admin : Access::read;
    default:
      if (method == "DELETE") return Access::admin;
      return method == "PUT" ? Access::write : Access::read;
  }
}

struct Credentials::Known {
  std::shared_ptr<const TokenSet> tokens;
  std::shared_ptr<const SubjectSet> signed_subjects;
};

Credentials::Credentials(ServerStore& store, const ServiceConfig& config, Clock& clock)
    : store_(store),
      config_(config),
      clock_(clock),
      replay_guard_(config.replay_guard),
      new_subjects_(config.new_subjects_per_hour_max) {
  if (config_.signatures && !replay_guard_)
    replay_guard_ = std::make_shared<MemoryReplayGuard>(now(), config_.nonces_max);
}

Credentials::~Credentials() = default;

void Credentials::set_tokens(std::shared_ptr<const TokenSet> tokens) {
  const std::lock_guard lock(mutex_);
  has_tokens_ = tokens != nullptr;
  tokens_ = std::move(tokens);
}

void Credentials::set_signed_subjects(std::shared_ptr<const SubjectSet> subjects) {
  const std::lock_guard lock(mutex_);
  signed_subjects_ = std::move(subjects);
}

Credentials::Known Credentials::known() const {
  const std::lock_guard lock(mutex_);
  return {tokens_, signed_subjects_};
}

bool Credentials::are_asked_for() const { return config_.signatures || has_tokens_; }

seconds Credentials::now() const { return std::chrono::duration_cast<seconds>(clock_.wall()); }

Answer Credentials::unauthorized(std::string message, const Known& known) const {
  Answer answer = error_answer(401, {ErrorCode::unauthorized, std::move(message), {}});
  HttpHeaders& headers = answer.response.headers;
  if (known.tokens) headers.add("WWW-Authenticate", "Bearer realm=\"dialog\"");
  if (config_.signatures) {
    headers.add("WWW-Authenticate", wire::print_challenge({replay_guard_->challenge(), now()}));
  }
  return answer;
}

Credentials::Verdict Credentials::judge_token(const HttpRequest& head, const Route& route,
                                              Access needed, const Known& known) const {
  const auto secret = bearer_secret(head);
  if (!secret || !known.tokens) {
    const std::string_view wanted = !known.tokens        ? "a signature"
                                    : config_.signatures ? "a token or a signature"
                                                         : "a token: Authorization: Bearer <token>";
    return {{}, unauthorized("this server asks for " + std::string(wanted), known)};
  }
  const Token* token = known.tokens->find(*secret, clock_.wall());
  if (token == nullptr)
    return {{}, unauthorized("the token is not known here, or no longer valid", known)};
  Verdict verdict{{token->name, {}, token->access == Access::admin}, {}};
  if (!route.subject && token->subjects) {
    verdict.refusal = forbidden("the token is not for all subjects");
  } else if (route.subject && !token->covers(*route.subject)) {
    verdict.refusal = forbidden("the token is not for this subject");
  } else if (!route.subject && token->subjects) {
    verdict.refusal = forbidden("the token is for some subjects only");
  } else if (token->access < needed) {
    verdict.refusal = forbidden("the token does not allow to " + std::string(to_string(needed)));
  }
  return verdict;
}

// Where no public address is configured only this machine is one that a signature can be for: any
// other name in `Host` may be that of a server to which the client really sent the request.
std::optional<std::string> Credentials::authority_of(const HttpRequest& head) const {
  if (config_.public_endpoint) return config_.public_endpoint->authority();
  const std::string* host = head.headers.find("Host");
  const auto endpoint = Endpoint::parse("http://" + (host != nullptr ? *host : std::string()));
  if (!endpoint || !endpoint->is_loopback() || !endpoint->path().empty()) return std::nullopt;
  return endpoint->authority();
}

std::string Credentials::public_path(std::string_view path) const {
  if (!config_.public_endpoint) return std::string(path);
  path.remove_prefix(std::min(config_.path_prefix.size(), path.size()));
  return config_.public_endpoint->path() + std::string(path);
}

std::optional<Answer> Credentials::judge_times(const wire::SignatureClaim& claim,
                                               const Known& known) const {
  const seconds time = now();
  const std::string clock = "; this server's clock says " + std::to_string(time.count());
  if (claim.expires <= time) return unauthorized("the signature has expired" + clock, known);
  if (claim.created > time + wire::kSignatureSkewMax)
    return unauthorized("the signature was made in the future" + clock, known);
  if (claim.created > replay_guard_->since() + wire::kSignatureSkewMax ||
      claim.nonce.starts_with(replay_guard_->challenge()))
    return {};
  return unauthorized(
      "this server was started not long ago, and cannot know whether it saw this signature "
      "before; sign anew, with a nonce that begins with the nonce-prefix of WWW-Authenticate",
      known);
}

// All that needs no verification. What is refused here as unauthorized is no proof of anything, and
// no fault of the network either.
Result<SignedRequest, Answer> Credentials::judge_claim(const HttpRequest& head, const Route& route,
                                                       Access needed, const Known& known) const {
  const auto refused = [&](std::string message) {
    return fail(unauthorized(std::move(message), known));
  };
  auto claim = wire::read_signature(head.headers);
  if (!claim) return refused(claim.error().message);
  if (!*claim) return refused("this server asks for a signature");
  if (auto refusal = judge_times(**claim, known)) return fail(*std::move(refusal));
  auto authority = authority_of(head);
  if (!authority) {
    return refused(
        "this server takes signatures for this machine only (localhost, 127.0.0.1, [::1]): no "
        "public URL is configured");
  }
  const wire::TargetParts parts = wire::split_target(origin_form(head.target));
  SignedRequest result{*std::move(*claim),
                       head.method,
                       *std::move(authority),
                       public_path(parts.path),
                       std::string(parts.query),
                       {},
                       false,
                       {}};
  if (auto covered = wire::check_coverage(result.claim, result.target(), head.headers); !covered)
    return refused(covered.error().message);
  if (const std::string* text = head.headers.find(wire::kCapabilityHeader)) {
    auto capability = Capability::from_text(*text);
    if (!capability) return refused(capability.error().message);
    result.capability = *std::move(capability);
  }
  if (auto refusal = judge_right(result, route, needed, head.method, known))
    return fail(*std::move(refusal));
  result.by_capability =
      !is_revoking(route, head.method) && result.claim.signer.text() != route.subject->did();
  if (needed == Access::write) result.written = route.subject;
  return result;
}

std::optional<Answer> Credentials::judge_right(const SignedRequest& signed_request,
                                               const Route& route, Access needed,
                                               std::string_view method, const Known& known) const {
  if (!route.subject) return forbidden("a signature opens subjects only");
  const Subject& subject = *route.subject;
  if (known.signed_subjects && !known.signed_subjects->contains(subject))
    return forbidden("this server does not take signatures for this subject");
  if (is_revoking(route, method)) return {};
  if (needed == Access::admin) return forbidden("a signature does not allow to administer");
  const wire::SignatureClaim& claim = signed_request.claim;
  if (claim.signer.text() == subject.did()) return {};
  const auto& capability = signed_request.capability;
  if (!capability)
    return forbidden("the signer is not this subject, and shows no capability from it");
  if (store_.revocations() == nullptr)
    return forbidden("this server takes no capabilities, since it cannot keep what is revoked");
  if (capability->subject().text() != subject.did())
    return forbidden("the capability is from another subject");
  if (capability->audience() != claim.key)
    return forbidden("the capability was given to another key than the one that signs");
  if (const seconds time = now(); time < capability->not_before() || time >= capability->expires())
    return forbidden("the capability has expired, or is not valid yet");
  if (capability->access() < as_capability(needed))
    return forbidden("the capability does not allow to write");
  return {};
}

std::optional<Answer> Credentials::admit_subject(const Subject& subject,
                                                 const Context& context) const {
  const auto record = store_.head_register().read(subject, context);
  if (!record) return store_error_answer(record.error());
  if (*record || new_subjects_.admit(subject.id(), now())) return {};
  return error_answer(429, {ErrorCode::resource_exhausted,
                            "too many new databases within an hour; try again later",
                            {}});
}

std::optional<Answer> Credentials::prove_capability(const Capability& capability,
                                                    const Context& context) const {
  const auto subject = Subject::parse(capability.subject().text());
  if (!subject || !capability.verify())
    return forbidden("the capability is not signed by those who had the right");
  const auto revoked = store_.revocations()->list(*subject, context);
  if (!revoked) return store_error_answer(revoked.error());
  for (std::size_t link = 0; link < capability.grants().size(); ++link) {
    const Hash id = capability.id(link);
    if (std::any_of(revoked->begin(), revoked->end(),
                    [&](const Revocation& entry) { return entry.capability == id; }))
      return forbidden("the capability was revoked");
  }
  return {};
}

std::optional<Answer> Credentials::judge_proof(const SignedRequest& signed_request,
                                               const HttpRequest& request, const Context& context,
                                               const Known& known) const {
  const wire::SignatureClaim& claim = signed_request.claim;
  // The body may have taken long.
  if (auto refusal = judge_times(claim, known)) return refusal;
  if (auto verified = wire::verify_signature(claim, signed_request.target(), request.headers);
      !verified)
    return unauthorized(verified.error().message, known);
  const std::string* digest = request.headers.find("Content-Digest");
  if (digest == nullptr && !request.body.empty())
    return unauthorized("a signed request with a body needs a Content-Digest", known);
  if (digest != nullptr) {
    if (auto same = wire::check_content_digest(*digest, request.body); !same)
      return unauthorized(same.error().message, known);
  }
  if (signed_request.by_capability) {
    if (auto refusal = prove_capability(*signed_request.capability, context)) return refusal;
  }
  return {};
}

std::optional<Answer> Credentials::remember(const wire::SignatureClaim& claim,
                                            const Known& known) const {
  const auto outcome =
      replay_guard_->remember(claim.signer.text(), claim.nonce, claim.expires, now());
  if (!outcome) return store_error_answer(outcome.error());
  if (*outcome == ReplayGuard::Outcome::seen)
    return unauthorized("this signature was used before; every request needs its own", known);
  if (*outcome == ReplayGuard::Outcome::full) {
    return error_answer(503, {ErrorCode::resource_exhausted,
                              "too many signed requests in the last minutes; try again later",
                              {}});
  }
  return {};
}

// A token counts by itself, whatever an intermediary has signed beside it. Where no tokens are
// known here it is for somebody else.
bool Credentials::is_signed(const HttpRequest& head) const {
  return config_.signatures && head.headers.find("Signature-Input") != nullptr &&
         !(bearer_secret(head) && known().tokens);
}

Credentials::Verdict Credentials::judge_head(const HttpRequest& head, const Route& route) const {
  const auto needed = needed_access(route, head.method);
  if (!needed || head.method == "OPTIONS" || !are_asked_for()) return {};
  const Known known = this->known();
  if (!is_signed(head)) return judge_token(head, route, *needed, known);
  auto claim = judge_claim(head, route, *needed, known);
  if (!claim) return {{}, std::move(claim).error()};
  return {{}, {}, std::make_shared<const SignedRequest>(*std::move(claim))};
}

Credentials::Verdict Credentials::prove(const SignedRequest& signed_request,
                                        const HttpRequest& request, const Context& context) const {
  const Known known = this->known();
  const wire::SignatureClaim& claim = signed_request.claim;
  if (auto refusal = judge_proof(signed_request, request, context, known))
    return {{}, std::move(refusal)};
  if (auto refusal = remember(claim, known)) return {{}, std::move(refusal)};
  Verdict verdict{{claim.signer.text(), claim.key, false}, {}};
  if (signed_request.written) verdict.refusal = admit_subject(*signed_request.written, context);
  return verdict;
}

std::function<bool()> Credentials::keep(const HttpRequest& head, const Route& route,
                                        const Visitor& visitor) const {
  const Subject& subject = *route.subject;
  if (!visitor.signer) {
    const auto secret = bearer_secret(head);
    const Hash hash = secret ? Hash::of(*secret) : Hash();
    return [this, hash, subject] {
      const auto tokens = known().tokens;
      if (!tokens) return !config_.signatures;
      const Token* token = tokens->find(hash, clock_.wall());
      return token != nullptr && token->covers(subject);
    };
  }
  std::shared_ptr<const Capability> capability;
  if (const std::string* text = head.headers.find(wire::kCapabilityHeader);
      text != nullptr && visitor.who != subject.did()) {
    if (auto read = Capability::from_text(*text))
      capability = std::make_shared<const Capability>(*std::move(read));
  }
  return [this, capability, subject] {
    const auto signed_subjects = known().signed_subjects;
    if (signed_subjects && !signed_subjects->contains(subject)) return false;
    return !capability || (now() < capability->expires() && !prove_capability(*capability, {}));
  };
}

}  // namespace dialog::server
