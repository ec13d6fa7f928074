#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
class ParseError;
}  // namespace CLI

namespace dialog::cli {

/// Why arguments cannot be read, with the verb that was probably meant, and where help is.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

}  // namespace dialog::cli
