#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <set>
#include <sstream>

#include "byte_format.hpp"
#include "location.hpp"

namespace dialog::cli {
namespace {

constexpr const char* kVariablePrefix = "DIALOGDB_";

std::string variable_name(const std::string& name) {
  std::string variable = kVariablePrefix;
  for (const char c : name)
    variable.push_back(c == '-' ? '_'
                                : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
  return variable;
}

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

// A flag that is set to false is as good as absent.
bool is_given(const CLI::App& verb, const std::string& name) {
  const CLI::Option& option = *verb.get_option("--" + name);
  return option.count() > 0 && !(is_flag(option) && !option.as<bool>());
}

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

void show_needs(Verb verb, const std::vector<Need>& needs) {
  for (const Need& need : needs) {
    CLI::Option* const option = verb.app().get_option("--" + need.option);
    option->type_name(option->get_type_name() + " Needs: --" + need.other);
  }
}

Result<std::map<std::string, Origin>> apply_settings(Verb verb, const std::vector<Need>& needs,
                                                     const SettingsSources& sources) {
  DIALOG_ASSIGN(const auto settings, read_settings(verb.app(), sources.file));
  std::map<std::string, Origin> origins;
  for (CLI::Option* const option : verb.app().get_options()) {
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
  for (const Need& need : needs) {
    if (!is_given(verb.app(), need.option) || is_given(verb.app(), need.other)) continue;
    const Origin origin = origins[need.option];
    std::string message = "--" + need.option + " requires --" + need.other;
    if (origin == Origin::environment) message = variable_name(need.option) + ": " + message;
    if (origin == Origin::file) message = sources.file + ", " + need.option + ": " + message;
    return fail(ErrorCode::invalid_argument, message + "\nSee 'dialogdb serve --help'");
  }
  return origins;
}

std::vector<std::string> values_of(Verb verb, const std::string& name) {
  const CLI::Option& option = *verb.app().get_option("--" + name);
  if (option.count() > 0) return option.results();
  if (is_flag(option)) return {"false"};
  if (option.get_default_str().empty()) return {};
  return {option.get_default_str()};
}

std::vector<std::string> unknown_variables(Verb verb, const std::vector<std::string>& names) {
  std::set<std::string> known{"DIALOGDB_CONFIG", "DIALOGDB_REPO"};
  for (const CLI::Option* const option : verb.app().get_options()) {
    if (option->get_lnames().empty() || !can_be_set(option->get_lnames().front())) continue;
    known.insert(variable_name(option->get_lnames().front()));
  }
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    if (name.starts_with(kVariablePrefix) && !known.contains(name)) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace dialog::cli
