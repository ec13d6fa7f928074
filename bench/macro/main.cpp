#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "suites.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Measures dialog-remote, paired with its floors in the same run."};
  std::string suite = "all";
  std::string out = "build/bench/results.jsonl";
  int rounds = 5;
  dialog::bench::Settings settings;
  settings.folder = "build/bench";
  app.add_option("--suite", suite, "tree, store, register, sync or all")
      ->check(CLI::IsMember({"tree", "store", "register", "sync", "all"}));
  app.add_option("--n", settings.entries, "entries of the databases")
      ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--rounds", rounds, "runs of each case; the median counts")
      ->check(CLI::Range(1, 99));
  app.add_option("--out", out, "the file that results are added to");
  app.add_option("--folder", settings.folder,
                 "where databases are made; decides which disk is measured");
  dialog::bench::Selection selection;
  app.add_option("--case", selection.cases, "only these cases, by name")->delimiter(',');
  app.add_option("--impl", selection.impls, "only these contenders, by name; dialog is ours")
      ->delimiter(',');
  CLI11_PARSE(app, argc, argv);

  try {
    std::filesystem::create_directories(settings.folder);
    dialog::bench::Report report(out, rounds, std::move(selection));
    const auto wanted = [&](const char* name) { return suite == "all" || suite == name; };
    if (wanted("tree")) dialog::bench::run_tree_suite(report, settings);
    if (wanted("store")) dialog::bench::run_store_suite(report, settings);
    if (wanted("register")) dialog::bench::run_register_suite(report, settings);
    if (wanted("sync")) dialog::bench::run_sync_suite(report, settings);
    std::printf("results: %s\n", out.c_str());
  } catch (const dialog::bench::GivenUp&) {
    return 1;
  }
  return 0;
}
