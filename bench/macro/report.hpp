#pragma once

#include <cstdint>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dialog::bench {

/// What one run of a contender measured.
struct Sample {
  double value = 0;
  std::optional<double> p99 = {};
  /// What the clients did that did least and most.
  std::optional<double> least = {};
  std::optional<double> most = {};
};

/// What the first contender of a case is to reach.
struct Reach {
  std::string against = {};  ///< as a multiple of this contender; empty: in the case's own unit
  double bound = 1;
  bool is_most = false;  ///< stay below the bound rather than reach it
};

/// What a row is about; what does not apply stays empty.
struct Case {
  std::string suite;
  std::string name;
  std::string unit;
  std::optional<std::uint64_t> n;
  std::optional<std::uint64_t> d;
  std::optional<std::uint64_t> clients;
};

struct Contender {
  std::string impl;
  std::function<Sample()> run;
};

/// What of a run is wanted; empty: all.
struct Selection {
  std::vector<std::string> cases;
  std::vector<std::string> impls;
};

/// Writes one JSON line per contender and a readable line to standard output.
class Report {
 public:
  Report(const std::string& path, int rounds, Selection selection);

  /// Whether any of these cases is to be measured: what only others need can be left out.
  [[nodiscard]] bool wants(std::initializer_list<std::string_view> cases) const;
  [[nodiscard]] bool wants_impl(std::string_view impl) const;

  /// Runs the contenders that are wanted in turn, round after round, so that a drifting machine
  /// hits all alike; records the median of each and of the ratios of the first to every other,
  /// taken round by round, and whether that is within reach.
  void paired(const Case& about, const std::vector<Contender>& contenders,
              const std::vector<Reach>& reaches = {});

  /// Records a figure that needs no repetition, if it is wanted: a count, a size.
  void exact(const Case& about, const std::string& impl, double value,
             const std::vector<Reach>& reaches = {});

  [[nodiscard]] int rounds() const { return rounds_; }

 private:
  /// The ratio of the first contender to this one, for all but the first.
  void write(const Case& about, const std::string& impl, const Sample& sample,
             std::optional<double> ratio, const std::vector<Reach>& reaches);
  std::ofstream out_;
  int rounds_;
  Selection selection_;
};

double seconds_now();
/// The value below which a share of `fraction` lies. Reorders `values`, which must not be empty.
double percentile(std::vector<double>& values, double fraction);

/// A folder below `parent` that is removed with everything in it.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& parent);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What `give_up` throws. Only `main` catches it.
struct GivenUp {};

/// Prints `what` and ends the program, with the servers and folders that it made: a benchmark that
/// cannot do its work has no figure.
[[noreturn]] void give_up(const std::string& what);

/// The value of a `Result`, or the end of the program.
template <class R>
auto must(R result, const char* what) {
  if (!result) give_up(std::string(what) + ": " + result.error().message);
  if constexpr (!std::is_void_v<typename R::value_type>) return *std::move(result);
}

}  // namespace dialog::bench
