#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

// The library that reads arguments costs every source that sees it seconds: only its handles here.
namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
class Option;
}  // namespace CLI

namespace dialog::cli {

/// The bounds of a number, both included.
struct Bounds {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

/// Takes decimal digits only, and leaves them without leading zeros. Gives what is wrong, or an
/// empty text.
std::string check_number(std::string& text, Bounds bounds);

/// One option or positional argument of a verb. A handle: copies mean the same one, which lives as
/// long as the verb.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  /// What stands for the value in the help.
  Option type(const std::string& name) const;
  Option required() const;
  /// Refused without the other, or together with it.
  Option needs(Option other) const;
  Option excludes(Option other) const;
  /// Takes nothing but these words.
  Option one_of(std::vector<std::string> words) const;
  Option number(Bounds bounds = {}) const;
  /// May change the text; gives what is wrong with it, or an empty text.
  Option check(std::function<std::string(std::string& text)> check) const;
  /// Refuses the empty text, which a variable of a shell that is not set leaves behind.
  Option not_empty() const;
  /// Each time it is given adds one value.
  Option repeated() const;
  /// Takes as many values as that, or none.
  Option up_to(int values) const;
  /// The help shows the value that it has now.
  Option show_default() const;

 private:
  friend class Verb;
  CLI::Option* option_;
};

/// A verb of the program, or the program itself: what its arguments are, and the verbs below it. A
/// handle, as `Option` is. Whatever a value is written to must live until the arguments are read.
class Verb {
 public:
  explicit Verb(CLI::App* app) : app_(app) {}

  /// A verb below this one. `examples` are whole lines.
  [[nodiscard]] Verb verb(const std::string& name, const std::string& description,
                          const std::vector<std::string>& examples) const;
  /// How many of the verbs below this one are to be given.
  void require_verb(std::size_t min, std::size_t max = 1) const;
  /// Called once the arguments are read, where they name this verb; first that of the innermost.
  void on_chosen(std::function<void()> call) const;

  /// `names` are those of an option, as `-b,--branch`, or of a positional argument. Where it is not
  /// given, the value stays as it is.
  Option option(const std::string& names, std::string& value, const std::string& what) const;
  Option option(const std::string& names, std::optional<std::string>& value,
                const std::string& what) const;
  Option option(const std::string& names, std::vector<std::string>& values,
                const std::string& what) const;
  Option option(const std::string& names, std::uint32_t& value, const std::string& what) const;
  Option option(const std::string& names, std::uint64_t& value, const std::string& what) const;
  Option option(const std::string& names, std::optional<std::uint64_t>& value,
                const std::string& what) const;
  /// Hands the value on, an empty one too.
  Option option(const std::string& names, const std::function<void(const std::string& value)>& take,
                const std::string& what) const;
  Option flag(const std::string& names, bool& value, const std::string& what) const;
  /// May be given with a text, as `--stats=json`; without one it is that of `names`, which are as
  /// in `--stats{text}`.
  Option flag(const std::string& names, std::string& value, const std::string& what) const;

  [[nodiscard]] CLI::App& app() const { return *app_; }

 private:
  CLI::App* app_;
};

}  // namespace dialog::cli
