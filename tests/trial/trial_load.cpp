#include "trial/trial_load.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "dialog/backends/rest.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 8;
constexpr std::size_t kSubjects = 12;

}  // namespace

std::uint64_t soak_scale() {
  const char* const text = std::getenv("DIALOG_SOAK_SCALE");
  return text == nullptr ? 1 : std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10));
}

RestBackendConfig trial_config(std::uint16_t port) {
  RetryPolicy retry;
  retry.attempts_max = 3;
  retry.base = 1ms;
  retry.cap = 20ms;
  return RestBackendConfig("http://127.0.0.1:" + std::to_string(port))
      .with_timeout(5s)
      .with_retry(retry);
}

Subject trial_subject(std::size_t number) {
  return Subject::parse("did:web:trial-" + std::to_string(number) + ".example").value();
}

RegisterLoad::Connect clients_at(std::vector<std::uint16_t> ports) {
  return [ports = std::move(ports), transport = make_http_transport()](std::size_t client) {
    const std::uint16_t port = ports[client % ports.size()];
    auto backend = RestBackend::create(trial_config(port), transport).value();
    return std::make_unique<BackendTarget>(std::make_unique<RestBackend>(std::move(backend)));
  };
}

LoadOptions trial_load(std::uint64_t seed) {
  LoadOptions options;
  options.threads = kClients;
  options.seed = seed;
  for (std::size_t i = 0; i < kSubjects; ++i) options.subjects.push_back(trial_subject(i));
  return options;
}

void expect_linearizable(const RegisterLoad& load, std::uint64_t accepted_min,
                         std::uint64_t open_min) {
  EXPECT_EQ(load.violation(), std::nullopt);
  EXPECT_GE(load.accepted(), accepted_min) << "too thin";
  EXPECT_GE(load.open(), open_min) << "too thin";
}

void expect_each(const FaultyRelay::Faults& faults, std::uint64_t count_min) {
  EXPECT_GE(faults.cut_answers, count_min) << "too thin";
  EXPECT_GE(faults.resets, count_min) << "too thin";
  EXPECT_GE(faults.swallowed_answers, count_min) << "too thin";
  EXPECT_GE(faults.swallowed_requests, count_min) << "too thin";
}

std::ostream& operator<<(std::ostream& out, const RegisterLoad& load) {
  return out << load.operations() << " operations, " << load.accepted() << " accepted, "
             << load.open() << " of unknown outcome";
}

std::ostream& operator<<(std::ostream& out, const FaultyRelay::Faults& faults) {
  return out << faults.cut_answers << " cut answers, " << faults.resets << " resets, "
             << faults.swallowed_answers << " answers and " << faults.swallowed_requests
             << " requests swallowed";
}

}  // namespace dialog::test
