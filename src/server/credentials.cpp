#include "credentials.hpp"

#include <algorithm>

#include "answers.hpp"

namespace dialog::server {
namespace {

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

Answer unauthorized(int status, std::string message) {
  Answer answer = error_answer(status, {ErrorCode::unauthorized, std::move(message), {}});
  if (status == 401) answer.response.headers.add("WWW-Authenticate", "Bearer realm=\"dialog\"");
  return answer;
}

}  // namespace

std::optional<Access> needed_access(const Route& route, std::string_view method) {
  switch (route.resource) {
    case Resource::server:
    case Resource::capabilities:
    case Resource::description:
    case Resource::health:
      return {};
    case Resource::blocks_put:
      return Access::write;
    default:
      return method == "PUT" ? Access::write : Access::read;
  }
}

void Credentials::set_tokens(std::shared_ptr<const TokenSet> tokens) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::move(tokens);
}

std::shared_ptr<const TokenSet> Credentials::tokens() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

bool Credentials::are_asked_for() const { return tokens() != nullptr; }

Credentials::Verdict Credentials::judge(const HttpRequest& head, const Route& route) const {
  const auto known = tokens();
  const auto needed = needed_access(route, head.method);
  if (!known || !needed || head.method == "OPTIONS") return {};
  const auto secret = bearer_secret(head);
  if (!secret)
    return {{}, unauthorized(401, "this server asks for a token: Authorization: Bearer <token>")};
  const Token* token = known->find(*secret, clock_.wall());
  if (token == nullptr)
    return {{}, unauthorized(401, "the token is not known here, or no longer valid")};
  if (route.subject && !token->covers(*route.subject))
    return {token->name, unauthorized(403, "the token is not for this subject")};
  if (token->access < *needed)
    return {token->name,
            unauthorized(403, "the token does not allow to " + std::string(to_string(*needed)))};
  return {token->name, {}};
}

}  // namespace dialog::server
