#pragma once

#include <memory>
#include <string>

#include "dialog/base/check.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/server.hpp"

namespace dialog::test {

/// A server on a free port of this machine that knows one token.
class ContractRemote {
 public:
  explicit ContractRemote(const std::string& token) {
    const auto tokens =
        server::TokenSet::parse(server::token_line({.name = "example",
                                                    .hash = Hash::of(token),
                                                    .subjects = {},
                                                    .access = server::Access::write}));
    DIALOG_CHECK(tokens.has_value(), "a token");
    service_.set_tokens(std::make_shared<server::TokenSet>(*tokens));
    DIALOG_CHECK(server_.start().has_value(), "a server on a free port of this machine");
  }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port());
  }

  /// Sets the first revision of a subject.
  void publish(const Subject& subject, const Revision& revision) {
    const auto outcome = store_.head_register().swap(
        subject, {.expected = {}, .desired = revision, .author = {}}, {});
    DIALOG_CHECK(outcome.has_value(), "a register in memory");
  }

 private:
  MemoryServerStore store_;
  server::Service service_{store_, {}};
  server::SilentLog log_;
  server::Server server_{service_, {}, log_};
};

}  // namespace dialog::test
