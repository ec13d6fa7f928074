#pragma once

#include <memory>

#include "dialog/base/clock.hpp"
#include "dialog/base/random.hpp"
#include "dialog/http/http_client.hpp"

namespace dialog {

/// What a client of a remote needs from the outside. The clock and the random source must outlive
/// it.
struct HttpTransport {
  std::shared_ptr<HttpClient> client;  ///< never null
  Clock* clock = &system_clock();
  RandomSource* random = &system_random();  ///< for the jitter of repetitions, and for nonces
};

}  // namespace dialog
