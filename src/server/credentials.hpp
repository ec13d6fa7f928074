#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "dialog/base/clock.hpp"
#include "dialog/http/message.hpp"
#include "dialog/server/service.hpp"
#include "dialog/server/tokens.hpp"
#include "route.hpp"

namespace dialog::server {

/// What a request needs: absent where everybody may send it.
std::optional<Access> needed_access(const Route& route, std::string_view method);

/// Who sends a request, and whether he may. Thread-safe.
class Credentials {
 public:
  /// `clock` must outlive this object.
  explicit Credentials(Clock& clock) : clock_(clock) {}

  /// From the next request on these tokens count; null: none is asked for.
  void set_tokens(std::shared_ptr<const TokenSet> tokens);

  /// Whether requests need any. Where they need none, everybody may do everything.
  [[nodiscard]] bool are_asked_for() const;

  struct Verdict {
    std::string who;  ///< who was authenticated, even where he may not; empty where nobody was
    std::optional<Answer> refusal;
  };
  /// Judges a request by its head. `route` is what its target names, and the method is one that the
  /// resource answers.
  [[nodiscard]] Verdict judge(const HttpRequest& head, const Route& route) const;

 private:
  [[nodiscard]] std::shared_ptr<const TokenSet> tokens() const;

  Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TokenSet> tokens_;
};

}  // namespace dialog::server
