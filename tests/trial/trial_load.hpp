#pragma once

#include <cstdint>
#include <iosfwd>
#include <vector>

#include "dialog/http/rest_backend.hpp"
#include "support/register_load.hpp"
#include "trial/faulty_relay.hpp"

namespace dialog::test {

/// How many times the work of the ordinary suites is to be done.
std::uint64_t soak_scale();

RestBackendConfig trial_config(std::uint16_t port);
Subject trial_subject(std::size_t number);

/// Clients of the servers at these ports, in turn.
RegisterLoad::Connect clients_at(std::vector<std::uint16_t> ports);
LoadOptions trial_load(std::uint64_t seed);

/// After the load has stopped: every answer is explained, and the run was worth the name.
void expect_linearizable(const RegisterLoad& load, std::uint64_t accepted_min,
                         std::uint64_t open_min);
void expect_each(const FaultyRelay::Faults& faults, std::uint64_t count_min);

std::ostream& operator<<(std::ostream& out, const RegisterLoad& load);
std::ostream& operator<<(std::ostream& out, const FaultyRelay::Faults& faults);

}  // namespace dialog::test
