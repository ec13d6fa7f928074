#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "backend_fixture.hpp"
#include "dialog/http/loopback_client.hpp"
#include "dialog/http/rest_backend.hpp"
#include "dialog/http/wire.hpp"
#include "dialog/remote/memory_backend.hpp"

namespace dialog::test {

/// Counts requests and loses one on the way there or back. As thread-safe as what it wraps.
class LosingHttpClient final : public HttpClient {
 public:
  explicit LosingHttpClient(std::shared_ptr<HttpClient> inner) : inner_(std::move(inner)) {}

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override {
    ++calls;
    const bool counts = request.method == "PUT";
    if (counts && lose_request.exchange(false)) return lost();
    auto response = inner_->send(request, response_bytes_max, context);
    if (counts && response && lose_answer.exchange(false)) return lost();
    return response;
  }

  std::atomic<std::uint64_t> calls = 0;
  std::atomic<bool> lose_request = false;
  std::atomic<bool> lose_answer = false;

 private:
  static tl::unexpected<HttpFailure> lost() {
    return fail(
        HttpFailure{Error{ErrorCode::unavailable, "injected: the answer is lost", {}}, true});
  }
  std::shared_ptr<HttpClient> inner_;
};

/// The least that the contract asks of a register: HEAD and PUT, bare tags, no sequence numbers, no
/// history, no bodies. Thread-safe.
class ContractRegister {
 public:
  explicit ContractRegister(Clock& clock) : register_(clock) {}

  HttpResponse handle(const HttpRequest& request) {
    auto subject = wire::parse_subject_segment(request.target.substr(1));
    if (!subject) return answer(404);
    if (request.method == "HEAD") {
      const auto record = register_.read(*subject, {});
      return *record ? answer(200, (*record)->revision) : answer(404);
    }
    const std::string* tag = request.headers.find("If-Match");
    const auto expected = tag ? wire::parse_if_match(*tag) : std::nullopt;
    const auto message = wire::parse_swap(request.body);
    if (request.method != "PUT" || !expected || !message) return answer(400);
    const auto outcome =
        register_.swap(*subject, {*expected, message->revision, WallTime{0}, {}, false}, {});
    if (std::holds_alternative<Register::Accepted>(*outcome)) return answer(200, message->revision);
    const auto& actual = std::get<Register::Refused>(*outcome).actual;
    return actual ? answer(412, actual->revision) : answer(404);
  }

 private:
  static HttpResponse answer(int status, const std::optional<Revision>& revision = std::nullopt) {
    HttpResponse response;
    response.status = status;
    if (revision) response.headers.add("ETag", revision->hex());
    return response;
  }
  MemoryRegister register_;
};

/// REST backends over a register that knows no more than the contract.
class ContractBackendFixture final : public BackendFixture {
 public:
  std::unique_ptr<RevisionBackend> connect() override {
    auto backend = RestBackend::create(RestBackendConfig("http://register.example"),
                                       {client_, &clock_, &system_random()});
    DIALOG_CHECK(backend.has_value(), "the configuration of a test's backend");
    return std::make_unique<RestBackend>(*std::move(backend));
  }
  Clock& clock() override { return clock_; }
  std::uint64_t calls() override { return client_->calls; }
  void lose_next_answer() override { client_->lose_answer = true; }
  void lose_next_request() override { client_->lose_request = true; }
  bool has_history() override { return false; }

 private:
  ManualClock clock_;
  ContractRegister register_{clock_};
  std::shared_ptr<LosingHttpClient> client_ =
      std::make_shared<LosingHttpClient>(std::make_shared<LoopbackHttpClient>(
          [this](const HttpRequest& request) { return register_.handle(request); }, clock_));
};

}  // namespace dialog::test
