#include <charconv>
#include <memory>
#include <optional>
#include <string>

#include "commands.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

constexpr const char* kNoDays = "none";

struct RetentionOptions {
  std::optional<std::uint64_t> moves;
  std::optional<std::string> days;
};

std::string check_days(std::string& text) {
  if (text == kNoDays) return "";
  const auto days_max = static_cast<std::uint64_t>(kRetainedAgeMax.count());
  const std::string wrong = check_number(text, {0, days_max});
  return wrong.empty() ? wrong : wrong + ", nor '" + kNoDays + "'";
}

std::string described(const Retention& retention) {
  std::string text = "The log of each branch keeps " + counted(retention.moves, "move", "moves");
  if (!retention.age) return text + ", however old";
  const auto days = static_cast<std::uint64_t>(retention.age->count());
  return text + "; gc forgets those that are " + counted(days, "day", "days") + " old";
}

Result<void> run_retention(Program& program, const RetentionOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  Repository& repository = workspace->repository();
  DIALOG_ASSIGN(Retention retention, repository.retention());
  if (options.moves) retention.moves = *options.moves;
  if (options.days == kNoDays) {
    retention.age.reset();
  } else if (options.days) {
    std::uint16_t days = 0;
    std::from_chars(options.days->data(), options.days->data() + options.days->size(), days);
    retention.age = std::chrono::days{days};
  }
  if (options.moves || options.days) DIALOG_TRY(repository.set_retention(retention));
  if (program.output().json()) {
    program.output().document(
        Json{{"moves", retention.moves},
             {"days", retention.age ? Json(retention.age->count()) : Json(nullptr)}});
  } else {
    program.output().line(described(retention));
  }
  return {};
}

}  // namespace

void add_retention(Verb app, Program& program) {
  auto options = std::make_shared<RetentionOptions>();
  const Verb verb = app.verb("retention", "Show or set which old states gc keeps",
                             {"dialogdb retention", "dialogdb retention --moves 1000000 --days 90",
                              "dialogdb retention --moves 1 --days 0 && dialogdb gc"});
  verb.option("--moves", options->moves, "How many moves the log of each branch keeps")
      .number({1, kRetainedMovesMax})
      .type("N");
  verb.option("--days", options->days, "At which age gc forgets a move; 'none': at no age")
      .check(check_days)
      .type("D");
  program.on(verb, [options](Program& running) { return run_retention(running, *options); });
}

}  // namespace dialog::cli
