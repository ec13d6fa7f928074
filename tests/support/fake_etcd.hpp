#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/http/http_client.hpp"
#include "dialog/http/json.hpp"

namespace dialog::test {

/// A cluster of etcd behind its JSON gateway, without network: a client that asks any address gets
/// to it. Stricter than the real one, which passes over members of a request that it does not know
/// and compares nothing where it does not know what: this one refuses whatever a careless request
/// could get away with. Thread-safe.
class FakeEtcd final : public HttpClient {
  std::mutex mutex_;
  template <class Body>
  auto locked(Body body) {
    const std::lock_guard lock(mutex_);
    return body();
  }

 public:
  /// What goes wrong with a request; each once, in the order in which they were injected.
  enum class Fault : std::uint8_t {
    pass,               ///< none
    refuse_connection,  ///< certainly not received
    lose_request,       ///< not carried out, and nobody can know
    lose_answer,        ///< carried out, and nobody can know
    hang_before,        ///< as `lose_request`; noticed when the time is over
    hang_after,         ///< as `lose_answer`; noticed when the time is over
    late,               ///< answers never; carried out after the next request
    no_leader,          ///< 503, not carried out
    no_leader_after,    ///< 503, although carried out
    busy,               ///< 429, not carried out
    full,               ///< quota reached, not carried out
    full_after,         ///< quota reached, although carried out
    forget_tokens,      ///< every token is unknown from now on, as after a restart
    old_tokens,         ///< as `forget_tokens`, said in the words for changed users
    no_json,            ///< 200 with a web page
    proxy_error,        ///< 502 with a web page
  };

  explicit FakeEtcd(Clock& clock) : clock_(clock) {}

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override;

  /// Of requests to `/v3/kv/`; logging in goes well.
  void inject(Fault fault) {
    locked([&] { faults_.push_back(fault); });
  }
  /// Called behind each request that met a fault; may send requests of its own.
  std::function<void()> on_fault;
  /// Answers nobody, from now on: `host:port`.
  void stop_member(const std::string& member) {
    locked([&] { stopped_.insert(member); });
  }
  void start_member(const std::string& member) {
    locked([&] { stopped_.erase(member); });
  }
  void enable_authentication(std::string user, std::string password);
  /// Requests of users alone that may write keys with this prefix; others are denied.
  void allow_only(Bytes prefix) {
    locked([&] { allowed_ = std::move(prefix); });
  }

  /// Requests that reached a member, logging in among them.
  std::uint64_t requests() {
    return locked([&] { return requests_; });
  }
  std::uint64_t logins() {
    return locked([&] { return logins_; });
  }
  /// Where the requests went, in their order.
  std::vector<std::string> asked() {
    return locked([&] { return asked_; });
  }
  std::map<Bytes, Bytes> contents();
  void put(const Bytes& key, const Bytes& value) {
    locked([&] { write(key, value); });
  }
  void remove(const Bytes& key) {
    locked([&] { entries_.erase(key); });
  }
  std::string last_body() {
    return locked([&] { return last_body_; });
  }

 private:
  struct Entry {
    Bytes value;
    std::uint64_t created = 0;
    std::uint64_t modified = 0;
  };
  using Outcome = Result<HttpResponse, HttpFailure>;

  Outcome receive(const HttpRequest& request, const Context& context, bool& faulted);
  Outcome apply_fault(Fault fault, const HttpRequest& request, const std::string& path,
                      const Context& context);
  Outcome hang(const Context& context);
  HttpResponse carry_out(const HttpRequest& request, const std::string& path);
  std::optional<HttpResponse> check_token(const HttpRequest& request);
  HttpResponse authenticate(const json::Value& body);
  HttpResponse range(const json::Value& body);
  HttpResponse transact(const json::Value& body);
  bool holds(const json::Value& compare, std::string& wrong);
  std::string check_operations(const json::Value& list, std::vector<Bytes>& puts);
  json::Value run(const json::Value& operation);
  json::Value read(const json::Value& request);
  void write(const Bytes& key, const Bytes& value);
  json::Value header() const;

  Clock& clock_;
  std::deque<Fault> faults_;
  std::set<std::string> stopped_;
  std::map<Bytes, Entry> entries_;
  std::uint64_t revision_ = 1;
  std::uint64_t requests_ = 0;
  std::uint64_t logins_ = 0;
  std::vector<std::string> asked_;
  std::string last_body_;
  std::string user_;
  std::string password_;
  std::set<std::string> tokens_;
  std::optional<Bytes> allowed_;
  bool says_old_ = false;
  std::optional<HttpRequest> late_;
};

}  // namespace dialog::test
