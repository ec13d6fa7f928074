#pragma once

#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/base/random.hpp"
#include "dialog/http/http_transport.hpp"

namespace dialog::test {

/// Answers each request with the next of a list, and remembers the requests.
class ScriptedClient final : public HttpClient {
 public:
  using Outcome = Result<HttpResponse, HttpFailure>;

  Outcome send(const HttpRequest& request, std::size_t response_bytes_max,
               const Context& context) override {
    requests.push_back(request);
    response_bounds.push_back(response_bytes_max);
    contexts.push_back(context);
    if (on_send) on_send();
    if (outcomes.empty()) {
      ADD_FAILURE() << "a request that was not expected: " << request.method << " "
                    << request.target;
      return fail(HttpFailure{Error{ErrorCode::internal, "unexpected", {}}, false});
    }
    Outcome outcome = std::move(outcomes.front());
    outcomes.pop_front();
    return outcome;
  }

  std::deque<Outcome> outcomes;
  std::vector<HttpRequest> requests;
  std::vector<std::size_t> response_bounds;
  std::vector<Context> contexts;
  std::function<void()> on_send;
};

/// The same octet for ever.
class ConstantRandom final : public RandomSource {
 public:
  explicit ConstantRandom(std::uint8_t octet) : octet_(octet) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) octet = octet_;
  }

 private:
  std::uint8_t octet_;
};

inline HttpResponse response(int status, std::vector<HttpHeaders::Field> fields = {},
                             Bytes body = {}) {
  HttpResponse result;
  result.status = status;
  for (auto& [name, value] : fields) result.headers.add(std::move(name), std::move(value));
  result.body = std::move(body);
  return result;
}

inline ScriptedClient::Outcome lost(bool may_have_been_received = true,
                                    ErrorCode code = ErrorCode::unavailable) {
  return fail(HttpFailure{Error{code, "scripted fault", {}}, may_have_been_received});
}

}  // namespace dialog::test
