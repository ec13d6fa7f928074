#include "report.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace dialog::bench {

Report::Report(const std::string& path, int rounds, Selection selection)
    : rounds_(rounds), selection_(std::move(selection)) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  out_.open(path, std::ios::app);
  if (!out_) give_up("cannot write " + path);
}

bool Report::wants(std::initializer_list<std::string_view> cases) const {
  const auto& wanted = selection_.cases;
  return wanted.empty() || std::any_of(cases.begin(), cases.end(), [&](std::string_view name) {
           return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
         });
}

bool Report::wants_impl(std::string_view impl) const {
  const auto& wanted = selection_.impls;
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), impl) != wanted.end();
}

void Report::paired(const Case& about, const std::vector<Contender>& all) {
  if (!wants({about.name})) return;
  std::vector<Contender> contenders;
  std::copy_if(all.begin(), all.end(), std::back_inserter(contenders),
               [&](const Contender& contender) { return wants_impl(contender.impl); });
  std::vector<std::vector<Sample>> samples(contenders.size());
  for (int round = 0; round < rounds_; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) samples[i].push_back(contenders[i].run());
  }
  std::vector<double> medians;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    auto& runs = samples[i];
    std::sort(runs.begin(), runs.end(),
              [](const Sample& a, const Sample& b) { return a.value < b.value; });
    const Sample& median = runs[runs.size() / 2];
    write(about, contenders[i].impl, median);
    medians.push_back(median.value);
  }
  for (std::size_t i = 1; i < medians.size(); ++i) {
    std::printf("    %s / %s = %.2f\n", contenders[0].impl.c_str(), contenders[i].impl.c_str(),
                medians[0] / medians[i]);
  }
  std::fflush(stdout);
}

void Report::exact(const Case& about, const std::string& impl, double value) {
  if (wants({about.name}) && wants_impl(impl)) write(about, impl, Sample{value, std::nullopt});
}

void Report::write(const Case& about, const std::string& impl, const Sample& sample) {
  nlohmann::ordered_json row{{"suite", about.suite}, {"case", about.name}, {"impl", impl}};
  std::string shape;
  const auto add = [&](const char* name, const std::optional<std::uint64_t>& value) {
    if (!value) return;
    row[name] = *value;
    shape += std::string(" ") + name + "=" + std::to_string(*value);
  };
  add("n", about.n);
  add("d", about.d);
  add("clients", about.clients);
  row["value"] = sample.value;
  if (sample.p99) row["p99"] = *sample.p99;
  row["unit"] = about.unit;
  out_ << row.dump() << '\n' << std::flush;
  std::printf("%-10s %-16s %-12s%-28s %14.6g %s", about.suite.c_str(), about.name.c_str(),
              impl.c_str(), shape.c_str(), sample.value, about.unit.c_str());
  if (sample.p99) std::printf("  (p99 %.6g)", *sample.p99);
  std::printf("\n");
  std::fflush(stdout);
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double percentile(std::vector<double>& values, double fraction) {
  const auto index = std::min(
      values.size() - 1, static_cast<std::size_t>(fraction * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

ScratchFolder::ScratchFolder(const std::string& parent) {
  std::string pattern = parent + "/dialog-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) give_up("cannot make a folder in " + parent);
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void give_up(const std::string& what) {
  std::fprintf(stderr, "dialog-bench: %s\n", what.c_str());
  std::exit(1);
}

}  // namespace dialog::bench
