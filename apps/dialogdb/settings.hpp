#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "dialog/base/result.hpp"

namespace dialog::cli {

/// Where the value of an option comes from.
enum class Origin { fallback, file, environment, argument };
std::string_view to_string(Origin origin);

/// What gives a verb's options their values, where its arguments do not.
struct SettingsSources {
  std::string file;  ///< empty: none
  std::function<std::optional<std::string>(const std::string& name)> variable;
};

/// Gives every option of a verb that its arguments left out the value of the environment, else that
/// of the file, as if it had been an argument. `--listen` is DIALOGDB_LISTEN in the environment and
/// `listen` in the file, which is TOML without sections. `invalid_argument` where a value is not
/// right, or the file names something that is no option; the errors of reading it. Gives the
/// origins by the options' names without their dashes.
Result<std::map<std::string, Origin>> apply_settings(CLI::App& verb,
                                                     const SettingsSources& sources);

/// The values in force of an option.
std::vector<std::string> values_of(const CLI::Option& option);

}  // namespace dialog::cli
