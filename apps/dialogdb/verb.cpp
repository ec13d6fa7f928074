#include "verb.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "arguments.hpp"
#include "byte_format.hpp"

namespace dialog::cli {
namespace {

constexpr const char* kGlobalOptions =
    "With every verb: -C DIR, --repo DIR, --json, -q; 'dialogdb --help' explains them.";

struct Chosen {
  const CLI::App* app;
  std::string words;  ///< what led there
};

Chosen innermost(const CLI::App& app) {
  Chosen chosen{&app, app.get_name()};
  while (!chosen.app->get_subcommands().empty()) {
    chosen.app = chosen.app->get_subcommands().front();
    chosen.words += " " + chosen.app->get_name();
  }
  return chosen;
}

// How many letters have to be added, taken away, replaced or swapped with their neighbours.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

// Empty where no verb is near.
std::string nearest_verb(const CLI::App& app, const std::string& word) {
  std::string nearest;
  std::size_t least = (word.size() + 2) / 3 + 1;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::size_t present = distance(word, verb->get_name());
    if (present >= least) continue;
    least = present;
    nearest = verb->get_name();
  }
  return nearest;
}

// Empty where it is something else that is wrong.
std::string unknown_verb(const CLI::App& app, const Chosen& chosen) {
  if (chosen.app->get_subcommands([](const CLI::App*) { return true; }).empty()) return "";
  const std::vector<std::string> rest = app.remaining(true);
  const auto word = std::find_if(rest.begin(), rest.end(),
                                 [](const std::string& text) { return !text.starts_with('-'); });
  if (word == rest.end()) return "";
  std::string message = in_quotes(*word) + " is no verb of " + chosen.words;
  const std::string nearest = nearest_verb(*chosen.app, *word);
  if (!nearest.empty()) message += "; did you mean '" + chosen.words + " " + nearest + "'?";
  return message;
}

// With the verb that was probably meant, and where help is.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const Chosen chosen = innermost(app);
  std::string message = unknown_verb(app, chosen);
  if (message.empty()) message = error.what();
  return message + "\nSee '" + chosen.words + " --help'";
}

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

}  // namespace

std::string check_number(std::string& text, Bounds bounds) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number >= bounds.min &&
      number <= bounds.max) {
    // Leading zeros would mean octal digits.
    text = std::to_string(number);
    return "";
  }
  std::string expected = "expected a whole number from " + std::to_string(bounds.min);
  expected += bounds.max == Bounds{}.max ? " on" : " to " + std::to_string(bounds.max);
  return expected + ", not " + in_quotes(text);
}

Option Option::type(const std::string& name) const {
  option_->type_name(name);
  return *this;
}

Option Option::required() const {
  option_->required();
  return *this;
}

Option Option::needs(Option other) const {
  option_->needs(other.option_);
  return *this;
}

Option Option::excludes(Option other) const {
  option_->excludes(other.option_);
  return *this;
}

Option Option::one_of(std::vector<std::string> words) const {
  option_->check(CLI::IsMember(std::move(words)));
  return *this;
}

Option Option::number(Bounds bounds) const {
  return check([bounds](std::string& text) { return check_number(text, bounds); });
}

Option Option::check(std::function<std::string(std::string& text)> check) const {
  option_->transform(CLI::Validator(std::move(check), ""));
  return *this;
}

Option Option::not_empty() const {
  return check([](const std::string& text) { return text.empty() ? "it is empty" : ""; });
}

Option Option::repeated() const {
  option_->expected(1)->take_all();
  return *this;
}

Option Option::up_to(int values) const {
  option_->expected(0, values);
  return *this;
}

Option Option::show_default() const {
  option_->capture_default_str();
  return *this;
}

Verb Verb::verb(const std::string& name, const std::string& description,
                const std::vector<std::string>& examples) const {
  CLI::App* const verb = app_->add_subcommand(name, description);
  std::string footer;
  if (!examples.empty()) footer = "Examples:\n";
  for (const std::string& example : examples) footer += "  " + example + "\n";
  verb->footer(footer + kGlobalOptions);
  return Verb(verb);
}

void Verb::require_verb(std::size_t min, std::size_t max) const {
  app_->require_subcommand(min, max);
}

void Verb::on_chosen(std::function<void()> call) const { app_->callback(std::move(call)); }

Option Verb::option(const std::string& names, std::string& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}

Option Verb::option(const std::string& names, std::optional<std::string>& value,
                    const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}

Option Verb::option(const std::string& names, std::vector<std::string>& values,
                    const std::string& what) const {
  return Option(app_->add_option(names, values, what));
}

Option Verb::option(const std::string& names, std::uint32_t& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}

Option Verb::option(const std::string& names, std::uint64_t& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}

Option Verb::option(const std::string& names, std::optional<std::uint64_t>& value,
                    const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}

Option Verb::option(const std::string& names,
                    const std::function<void(const std::string& value)>& take,
                    const std::string& what) const {
  return Option(app_->add_option_function<std::string>(names, take, what));
}

Option Verb::flag(const std::string& names, bool& value, const std::string& what) const {
  return Option(app_->add_flag(names, value, what));
}

Option Verb::flag(const std::string& names, std::string& value, const std::string& what) const {
  return Option(app_->add_flag(names, value, what));
}

Arguments::Arguments(const Texts& texts)
    : app_(std::make_unique<CLI::App>(texts.description, texts.name)) {
  app_->footer(texts.footer);
  app_->fallthrough();
  app_->require_subcommand(1);
  app_->set_version_flag("--version", texts.version);
  app_->get_formatter()->column_width(34);
}

Arguments::~Arguments() = default;

std::string Arguments::help() const { return app_->help(); }

Arguments::Reading Arguments::read(std::vector<std::string> arguments) {
  try {
    std::reverse(arguments.begin(), arguments.end());
    app_->parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return {Outcome::help, help()};
  } catch (const CLI::CallForVersion& version) {
    return {Outcome::version, version.what()};
  } catch (const CLI::ParseError& error) {
    return {Outcome::wrong, usage_message(*app_, error)};
  }
  return {};
}

std::vector<std::string> Values::names() const {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app_.get_options()) {
    if (!option->get_lnames().empty()) names.push_back(option->get_lnames().front());
  }
  return names;
}

bool Values::has(const std::string& name) const {
  return app_.get_option_no_throw("--" + name) != nullptr;
}

bool Values::is_set(const std::string& name) const {
  return app_.get_option("--" + name)->count() > 0;
}

bool Values::is_given(const std::string& name) const {
  const CLI::Option& option = *app_.get_option("--" + name);
  return option.count() > 0 && !(is_flag(option) && !option.as<bool>());
}

Result<void> Values::set(const std::string& name, const std::vector<std::string>& values) const {
  CLI::Option& option = *app_.get_option("--" + name);
  try {
    for (const std::string& value : values) option.add_result(value);
    option.run_callback();
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::invalid_argument, error.what());
  }
  return {};
}

std::vector<std::string> Values::in_force(const std::string& name) const {
  const CLI::Option& option = *app_.get_option("--" + name);
  if (option.count() > 0) return option.results();
  if (is_flag(option)) return {"false"};
  if (option.get_default_str().empty()) return {};
  return {option.get_default_str()};
}

void Values::show_need(const std::string& name, const std::string& other) const {
  CLI::Option* const option = app_.get_option("--" + name);
  option->type_name(option->get_type_name() + " Needs: --" + other);
}

Result<std::vector<Setting>> parse_toml(const std::string& text) {
  std::vector<Setting> settings;
  try {
    std::istringstream stream(text);
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(stream)) {
      settings.push_back({item.fullname(), item.inputs});
    }
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::invalid_argument, error.what());
  }
  return settings;
}

}  // namespace dialog::cli
