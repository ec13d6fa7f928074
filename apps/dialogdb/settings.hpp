#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/result.hpp"
#include "verb.hpp"

namespace dialog::cli {

/// Where the value of an option comes from.
enum class Origin { fallback, file, environment, argument };
std::string_view to_string(Origin origin);

/// What gives a verb's options their values, where its arguments do not.
struct SettingsSources {
  std::string file;  ///< empty: none
  std::function<std::optional<std::string>(const std::string& name)> variable;
};

/// An option that is refused without another one. Names without their dashes.
struct Need {
  std::string option;
  std::string other;
};
/// The verb's help shows them, as it shows those of `Option::needs`.
void show_needs(Verb verb, const std::vector<Need>& needs);

/// Gives every option of a verb that its arguments left out the value of the environment, else that
/// of the file, as if it had been an argument. `--listen` is DIALOGDB_LISTEN in the environment and
/// `listen` in the file, which is TOML without sections. `invalid_argument` where a value is not
/// right, the file names something that is no option, or an option lacks what it needs, which may
/// come from elsewhere than itself; the errors of reading the file. Gives the origins by the
/// options' names without their dashes.
Result<std::map<std::string, Origin>> apply_settings(Verb verb, const std::vector<Need>& needs,
                                                     const SettingsSources& sources);

/// Which of these variables look like options of the verb, and are none.
std::vector<std::string> unknown_variables(Verb verb, const std::vector<std::string>& names);

}  // namespace dialog::cli
