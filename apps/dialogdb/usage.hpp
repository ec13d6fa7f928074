#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

namespace dialog::cli {

/// For an option that counts, with `transform`: accepts decimal digits only, in these bounds.
CLI::Validator whole_number(std::uint64_t min = 0,
                            std::uint64_t max = std::numeric_limits<std::uint64_t>::max());

/// Why arguments cannot be read, with the verb that was probably meant, and where help is.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

}  // namespace dialog::cli
