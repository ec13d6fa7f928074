#include "report.hpp"

#include <algorithm>
#include <array>
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

void Report::paired(const Case& about, const std::vector<Contender>& all,
                    const std::vector<Reach>& reaches) {
  if (!wants({about.name})) return;
  std::vector<Contender> contenders;
  std::copy_if(all.begin(), all.end(), std::back_inserter(contenders),
               [&](const Contender& contender) { return wants_impl(contender.impl); });
  std::vector<std::vector<Sample>> samples(contenders.size());
  for (int round = 0; round < rounds_; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) samples[i].push_back(contenders[i].run());
  }
  const bool ours = contenders.empty() || contenders[0].impl == all[0].impl;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < samples[i].size(); ++round)
      ratios.push_back(samples[0][round].value / samples[i][round].value);
    const auto by_value = [](const Sample& a, const Sample& b) { return a.value < b.value; };
    auto runs = samples[i];
    std::sort(runs.begin(), runs.end(), by_value);
    write(about, contenders[i].impl, runs[runs.size() / 2],
          i == 0 ? std::nullopt : std::optional(percentile(ratios, 0.5)),
          ours ? reaches : std::vector<Reach>{});
  }
}

void Report::exact(const Case& about, const std::string& impl, double value,
                   const std::vector<Reach>& reaches) {
  if (wants({about.name}) && wants_impl(impl))
    write(about, impl, Sample{.value = value}, std::nullopt, reaches);
}

void Report::write(const Case& about, const std::string& impl, const Sample& sample,
                   std::optional<double> ratio, const std::vector<Reach>& reaches) {
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
  std::string more;
  const auto add_more = [&](const char* name, const std::optional<double>& value) {
    if (!value) return;
    row[name] = *value;
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s%s %.6g", more.empty() ? "  (" : ", ", name, *value);
    more += text.data();
  };
  add_more("p99", sample.p99);
  add_more("least", sample.least);
  add_more("most", sample.most);
  if (!more.empty()) more += ')';
  row["unit"] = about.unit;
  std::printf("%-10s %-17s %-13s%-12s %12.6g %s%s", about.suite.c_str(), about.name.c_str(),
              impl.c_str(), shape.c_str(), sample.value, about.unit.c_str(), more.c_str());
  if (ratio) {
    row["ratio"] = *ratio;
    std::printf("  ratio %.2f", *ratio);
  }
  for (const Reach& reach : reaches) {
    if (reach.against != (ratio ? impl : "")) continue;
    const double reached = ratio ? *ratio : sample.value;
    const bool met = reach.is_most ? reached < reach.bound : reached >= reach.bound;
    row["reach"] = reach.bound;
    row["met"] = met;
    std::printf("  reach %s %g: %s", reach.is_most ? "<" : ">=", reach.bound,
                met ? "met" : "missed");
  }
  std::printf("\n");
  std::fflush(stdout);
  out_ << row.dump() << '\n' << std::flush;
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
  throw GivenUp{};
}

}  // namespace dialog::bench
