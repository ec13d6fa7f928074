#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dialog/base/result.hpp"
#include "verb.hpp"

namespace dialog::cli {

/// All that the program takes: what `Verb` declares, and the reading of it. Not thread-safe.
class Arguments {
 public:
  struct Texts {
    std::string name;
    std::string description;
    std::string footer;
    std::string version;
  };
  explicit Arguments(const Texts& texts);
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments();

  /// The program itself; one of the verbs below it must be given.
  [[nodiscard]] Verb program() const { return Verb(app_.get()); }
  /// Of the verb that was read, or of the program.
  [[nodiscard]] std::string help() const;

  enum class Outcome { taken, help, version, wrong };
  struct Reading {
    Outcome outcome = Outcome::taken;
    std::string text;  ///< the help or the version that was asked for, or what is wrong
  };
  /// Sets the values, and calls the verbs that were chosen. Once only.
  Reading read(std::vector<std::string> arguments);

 private:
  std::unique_ptr<CLI::App> app_;
};

/// The options of a verb once its arguments are read, by their long names without the dashes, which
/// must be names of options where it is not said otherwise.
class Values {
 public:
  explicit Values(Verb verb) : app_(verb.app()) {}

  /// In the order in which they were declared.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Whether there is an option of that name.
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] bool is_set(const std::string& name) const;
  /// A flag that is set to false is as good as absent.
  [[nodiscard]] bool is_given(const std::string& name) const;
  /// As if it had been an argument. `invalid_argument`.
  [[nodiscard]] Result<void> set(const std::string& name,
                                 const std::vector<std::string>& values) const;
  /// The values in force; none where it is not set and has no default.
  [[nodiscard]] std::vector<std::string> in_force(const std::string& name) const;
  /// The help shows that the option needs the other one, which is for the caller to check.
  void show_need(const std::string& name, const std::string& other) const;

 private:
  CLI::App& app_;
};

/// A line of a file in TOML.
struct Setting {
  std::string name;  ///< behind those of its sections
  std::vector<std::string> values;
};
/// `invalid_argument`. Takes everything behind a # for a comment, also within quotes, and a line
/// without = for a flag.
Result<std::vector<Setting>> parse_toml(const std::string& text);

}  // namespace dialog::cli
