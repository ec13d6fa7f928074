#include "verb.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <utility>

#include "byte_format.hpp"

namespace dialog::cli {
namespace {

constexpr const char* kGlobalOptions =
    "With every verb: -C DIR, --repo DIR, --json, -q; 'dialogdb --help' explains them.";

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

}  // namespace dialog::cli
