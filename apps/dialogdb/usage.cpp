#include "usage.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "byte_format.hpp"

namespace dialog::cli {
namespace {

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

}  // namespace

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const Chosen chosen = innermost(app);
  std::string message = unknown_verb(app, chosen);
  if (message.empty()) message = error.what();
  return message + "\nSee '" + chosen.words + " --help'";
}

}  // namespace dialog::cli
