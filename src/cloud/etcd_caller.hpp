#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/cloud/etcd_config.hpp"
#include "dialog/http/http_transport.hpp"
#include "etcd_messages.hpp"

namespace dialog::etcd {

/// Why no member gave an answer, and what the request may have done all the same.
struct CallFailure {
  Error error;
  Effect effect = Effect::none;
};

struct CallAnswer {
  json::Value body;
  /// What the same request may have done before, when its answer did not arrive.
  Effect earlier = Effect::none;
};

/// One cluster: which member answers, who we are to it, and how long to try. Thread-safe.
class Caller {
 public:
  static Result<std::unique_ptr<Caller>> create(EtcdAddress address, EtcdOptions options,
                                                HttpTransport transport);

  [[nodiscard]] const EtcdAddress& address() const { return address_; }
  [[nodiscard]] const EtcdOptions& options() const { return options_; }
  [[nodiscard]] Clock& clock() const { return *transport_.clock; }
  [[nodiscard]] RandomSource& random() const { return *transport_.random; }

  /// `context` with the configured time-out, counted from now, where that ends earlier.
  [[nodiscard]] Context bounded(const Context& context) const;

  /// Posts `body`, to other members and again after pauses, until one answers or `context` ends.
  /// So the request must be one that does no harm when it arrives twice.
  [[nodiscard]] Result<CallAnswer, CallFailure> call(std::string_view path, const Bytes& body,
                                                     const Context& context);

 private:
  using Token = std::shared_ptr<const std::string>;

  Caller(EtcdAddress address, EtcdOptions options, HttpTransport transport)
      : address_(std::move(address)),
        options_(std::move(options)),
        transport_(std::move(transport)) {}

  Result<json::Value, Refusal> ask(const Endpoint& member, std::string_view path, const Bytes& body,
                                   const Context& context);
  Result<json::Value, Refusal> post(const Endpoint& member, std::string_view path,
                                    const Bytes& body, const std::string& token,
                                    const Context& context);
  Result<Token, Refusal> token(const Endpoint& member, const Context& context);
  void forget(const Token& token);
  [[nodiscard]] Context bounded_by_member(const Context& context) const;

  const EtcdAddress address_;
  const EtcdOptions options_;
  const HttpTransport transport_;
  /// The member that answered last.
  std::atomic<std::size_t> preferred_ = 0;
  std::mutex token_mutex_;
  /// Absent: to be asked for. Empty: the cluster wants none.
  Token token_;
};

/// What answers is no etcd.
Error strange_answer(const Caller& caller);

}  // namespace dialog::etcd
