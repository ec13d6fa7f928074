#include "settings.hpp"

#include <algorithm>
#include <sstream>

#include "byte_format.hpp"
#include "location.hpp"

namespace dialog::cli {
namespace {

std::string variable_name(const std::string& name) {
  std::string variable = "DIALOGDB_";
  for (const char c : name)
    variable.push_back(c == '-' ? '_'
                                : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
  return variable;
}

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

// These say what is to be done, and not how.
bool can_be_set(const std::string& name) {
  return name != "help" && name != "config" && name != "print-config";
}

Result<void> set(CLI::Option& option, const std::vector<std::string>& values,
                 const std::string& where) {
  try {
    for (const std::string& value : values) option.add_result(value);
    option.run_callback();
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::invalid_argument, where + ": " + error.what());
  }
  return {};
}

// The library's reader takes everything behind a # for a comment, also within quotes, and a line
// without = for a flag.
Result<void> check_lines(const std::string& text, const std::string& file) {
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string::npos || line[start] == '#') continue;
    if (line.find('#') == std::string::npos && line.find('=') != std::string::npos) continue;
    return fail(ErrorCode::invalid_argument,
                file + ", line " + std::to_string(number) +
                    ": expected NAME = VALUE, or a comment on a line of its own");
  }
  return {};
}

Result<std::map<std::string, std::vector<std::string>>> read_settings(const CLI::App& verb,
                                                                      const std::string& file) {
  std::map<std::string, std::vector<std::string>> settings;
  if (file.empty()) return settings;
  DIALOG_ASSIGN(const std::string text, read_small_file(file));
  DIALOG_TRY(check_lines(text, file));
  std::vector<CLI::ConfigItem> items;
  try {
    std::istringstream stream(text);
    items = CLI::ConfigTOML().from_config(stream);
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::invalid_argument, file + ": " + error.what());
  }
  for (const CLI::ConfigItem& item : items) {
    const bool is_known = item.parents.empty() && can_be_set(item.name) &&
                          verb.get_option_no_throw("--" + item.name) != nullptr;
    if (!is_known)
      return fail(ErrorCode::invalid_argument,
                  file + ": " + in_quotes(item.fullname()) + " is no option of serve");
    if (!settings.emplace(item.name, item.inputs).second)
      return fail(ErrorCode::invalid_argument, file + ": " + item.name + " is set twice");
  }
  return settings;
}

}  // namespace

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::fallback:
      return "default";
    case Origin::file:
      return "file";
    case Origin::environment:
      return "environment";
    case Origin::argument:
      return "argument";
  }
  return "default";
}

Result<std::map<std::string, Origin>> apply_settings(CLI::App& verb,
                                                     const SettingsSources& sources) {
  DIALOG_ASSIGN(const auto settings, read_settings(verb, sources.file));
  std::map<std::string, Origin> origins;
  for (CLI::Option* const option : verb.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (!can_be_set(name)) continue;
    Origin& origin = origins[name];
    if (option->count() > 0) {
      origin = Origin::argument;
    } else if (const auto value = sources.variable(variable_name(name)); value && !value->empty()) {
      origin = Origin::environment;
      DIALOG_TRY(set(*option, {*value}, variable_name(name)));
    } else if (const auto found = settings.find(name); found != settings.end()) {
      origin = Origin::file;
      DIALOG_TRY(set(*option, found->second, sources.file + ", " + name));
    }
  }
  return origins;
}

std::vector<std::string> values_of(const CLI::Option& option) {
  if (option.count() > 0) return option.results();
  if (is_flag(option)) return {"false"};
  if (option.get_default_str().empty()) return {};
  return {option.get_default_str()};
}

}  // namespace dialog::cli
