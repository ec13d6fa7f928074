#pragma once

#include <cstddef>
#include <string>

#include "report.hpp"

namespace dialog::bench {

struct Settings {
  std::size_t entries = 1'000'000;
  /// Where the databases of a run go: on the disk that is to be measured.
  std::string folder;
};

void run_tree_suite(Report& report, const Settings& settings);
void run_store_suite(Report& report, const Settings& settings);
void run_register_suite(Report& report, const Settings& settings);
/// The part of the register's suite that is about blocks.
void run_register_blocks(Report& report, const Settings& settings);
void run_sync_suite(Report& report, const Settings& settings);

}  // namespace dialog::bench
