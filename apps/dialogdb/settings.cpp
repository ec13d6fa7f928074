#include "settings.hpp"

#include <set>
#include <sstream>

#include "arguments.hpp"
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

// These say what is to be done, and not how.
bool can_be_set(const std::string& name) {
  return name != "help" && name != "config" && name != "print-config";
}

// What `parse_toml` would take for something else.
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

Result<std::map<std::string, std::vector<std::string>>> read_settings(const Values& options,
                                                                      const std::string& file) {
  std::map<std::string, std::vector<std::string>> settings;
  if (file.empty()) return settings;
  DIALOG_ASSIGN(const std::string text, read_small_file(file));
  DIALOG_TRY(check_lines(text, file));
  auto parsed = parse_toml(text);
  if (!parsed) return fail(std::move(parsed).error().within(file));
  for (const auto& [name, values] : *parsed) {
    if (!can_be_set(name) || !options.has(name))
      return fail(ErrorCode::invalid_argument,
                  file + ": " + in_quotes(name) + " is no option of serve");
    if (!settings.emplace(name, values).second)
      return fail(ErrorCode::invalid_argument, file + ": " + name + " is set twice");
  }
  return settings;
}

Result<void> set(const Values& options, const std::string& name,
                 const std::vector<std::string>& values, const std::string& where) {
  auto done = options.set(name, values);
  if (!done) return fail(std::move(done).error().within(where));
  return {};
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
  for (const Need& need : needs) Values(verb).show_need(need.option, need.other);
}

Result<std::map<std::string, Origin>> apply_settings(Verb verb, const std::vector<Need>& needs,
                                                     const SettingsSources& sources) {
  const Values options(verb);
  DIALOG_ASSIGN(const auto settings, read_settings(options, sources.file));
  std::map<std::string, Origin> origins;
  for (const std::string& name : options.names()) {
    if (!can_be_set(name)) continue;
    Origin& origin = origins[name];
    if (options.is_set(name)) {
      origin = Origin::argument;
    } else if (const auto value = sources.variable(variable_name(name)); value && !value->empty()) {
      origin = Origin::environment;
      DIALOG_TRY(set(options, name, {*value}, variable_name(name)));
    } else if (const auto found = settings.find(name); found != settings.end()) {
      origin = Origin::file;
      DIALOG_TRY(set(options, name, found->second, sources.file + ", " + name));
    }
  }
  for (const Need& need : needs) {
    if (!options.is_given(need.option) || options.is_given(need.other)) continue;
    const Origin origin = origins[need.option];
    std::string message = "--" + need.option + " requires --" + need.other;
    if (origin == Origin::environment) message = variable_name(need.option) + ": " + message;
    if (origin == Origin::file) message = sources.file + ", " + need.option + ": " + message;
    return fail(ErrorCode::invalid_argument, message + "\nSee 'dialogdb serve --help'");
  }
  return origins;
}

std::vector<std::string> unknown_variables(Verb verb, const std::vector<std::string>& names) {
  std::set<std::string> known{"DIALOGDB_CONFIG", "DIALOGDB_REPO"};
  for (const std::string& name : Values(verb).names()) {
    if (can_be_set(name)) known.insert(variable_name(name));
  }
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    if (name.starts_with(kVariablePrefix) && !known.contains(name)) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace dialog::cli
