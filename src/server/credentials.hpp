#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "dialog/base/clock.hpp"
#include "dialog/http/message.hpp"
#include "dialog/http/request_signature.hpp"
#include "dialog/identity/capability.hpp"
#include "dialog/server/service.hpp"
#include "dialog/server/tokens.hpp"
#include "new_subjects.hpp"
#include "route.hpp"

namespace dialog::server {

/// What a request needs: absent where everybody may send it.
std::optional<Access> needed_access(const Route& route, std::string_view method);

/// Who sends a request.
struct Visitor {
  std::string who;  ///< the name of a token or the DID of a signer; empty where nobody is known
  std::optional<PublicKey> signer;  ///< where the request is signed
  bool may_administer = false;      ///< by a token
};

/// A request whose signature was read and not verified, and what it signs as clients see it.
struct SignedRequest {
  wire::SignatureClaim claim;
  std::string method;
  std::string authority;
  std::string path;
  std::string query;
  std::optional<Capability> capability;
  bool by_capability = false;      ///< the signer has no right of his own
  std::optional<Subject> written;  ///< the subject, where the request writes

  [[nodiscard]] wire::SignedTarget target() const { return {method, authority, path, query}; }
};

/// Who sends a request, and whether he may. Thread-safe.
class Credentials {
 public:
  /// All outlive this object.
  Credentials(ServerStore& store, const ServiceConfig& config, Clock& clock);
  ~Credentials();

  /// From the next request on these tokens count; null: none is known.
  void set_tokens(std::shared_ptr<const TokenSet> tokens);
  /// From the next request on only these subjects may be used by signature; null: every one.
  void set_signed_subjects(std::shared_ptr<const SubjectSet> subjects);

  /// Whether requests need any. Where they need none, everybody may do everything.
  [[nodiscard]] bool are_asked_for() const;

  struct Verdict {
    Visitor visitor;  ///< whoever was authenticated, even where he may not
    std::optional<Answer> refusal;
    std::shared_ptr<const SignedRequest> unproved{};  ///< to be proved before anything is done
  };
  /// Judges a request by its head, as far as that is cheap: of signatures everything but whether
  /// they verify. `route` is what its target names, and the method is one that the resource
  /// answers. Remembers nothing.
  [[nodiscard]] Verdict judge_head(const HttpRequest& head, const Route& route) const;
  /// Proves a signed request, now that all of it is there. Remembers its signature: the same
  /// request is refused from then on.
  [[nodiscard]] Verdict prove(const SignedRequest& signed_request, const HttpRequest& request,
                              const Context& context) const;

  /// For an answer that goes on: whether what let this request in still holds. Keeps no secret.
  [[nodiscard]] std::function<bool()> keep(const HttpRequest& head, const Route& route,
                                           const Visitor& visitor) const;

 private:
  struct Known;
  [[nodiscard]] Known known() const;
  [[nodiscard]] bool is_signed(const HttpRequest& head) const;
  [[nodiscard]] Verdict judge_token(const HttpRequest& head, const Route& route, Access needed,
                                    const Known& known) const;
  [[nodiscard]] Result<SignedRequest, Answer> judge_claim(const HttpRequest& head,
                                                          const Route& route, Access needed,
                                                          const Known& known) const;
  [[nodiscard]] std::optional<Answer> judge_right(const SignedRequest& signed_request,
                                                  const Route& route, Access needed,
                                                  std::string_view method,
                                                  const Known& known) const;
  [[nodiscard]] std::optional<Answer> judge_times(const wire::SignatureClaim& claim,
                                                  const Known& known) const;
  [[nodiscard]] std::optional<Answer> judge_proof(const SignedRequest& signed_request,
                                                  const HttpRequest& request,
                                                  const Context& context, const Known& known) const;
  [[nodiscard]] std::optional<Answer> remember(const wire::SignatureClaim& claim,
                                               const Known& known) const;
  [[nodiscard]] std::optional<Answer> admit_subject(const Subject& subject,
                                                    const Context& context) const;
  [[nodiscard]] std::optional<Answer> prove_capability(const Capability& capability,
                                                       const Context& context) const;
  [[nodiscard]] std::optional<std::string> authority_of(const HttpRequest& head) const;
  [[nodiscard]] std::string public_path(std::string_view path) const;
  [[nodiscard]] Answer unauthorized(std::string message, const Known& known) const;
  [[nodiscard]] std::chrono::seconds now() const;

  ServerStore& store_;
  const ServiceConfig& config_;
  Clock& clock_;
  std::shared_ptr<ReplayGuard> replay_guard_;
  mutable NewSubjects new_subjects_;
  mutable std::mutex mutex_;
  std::atomic<bool> has_tokens_{false};  ///< read with each request
  std::shared_ptr<const TokenSet> tokens_;
  std::shared_ptr<const SubjectSet> signed_subjects_;
};

}  // namespace dialog::server
