#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "location.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "verb.hpp"

namespace dialog::cli {

/// What a person or a supervisor wants of a running program.
enum class Request { stop, reload };

/// Signals, without their numbers. Thread-safe.
class Requests {
 public:
  Requests() = default;
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;
  virtual ~Requests() = default;

  /// Fires with the first request to stop.
  virtual CancelToken stopping() = 0;
  /// Can be read from the first request to stop on; for `poll` only.
  [[nodiscard]] virtual int stop_descriptor() const = 0;
  /// From here on all requests are kept for `wait`, of those to stop the first `stops`. Who calls
  /// this promises to take them, and to stop in a time of its own; a program that does not is ended
  /// a few seconds after the request. Further requests to stop end it at once.
  virtual void keep(int stops) = 0;
  /// Waits for the next request that was kept.
  virtual Request wait() = 0;
  /// The same, but not longer than this; absent where none came.
  virtual std::optional<Request> wait_for(std::chrono::nanoseconds time_max) = 0;
};

/// What only `main` sees of the world outside.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::vector<std::string> variable_names;  ///< of all that are set
  bool stderr_is_terminal = false;
  bool stdout_is_terminal = false;
  Requests* requests = nullptr;
};

/// One run of `dialogdb`: its global options and its chosen verb.
class Program {
 public:
  explicit Program(Surroundings surroundings);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Does what the arguments (without the program's name) say, and gives the exit code.
  int run(std::vector<std::string> arguments);

  Output& output() { return output_; }
  [[nodiscard]] const Surroundings& surroundings() const { return surroundings_; }
  /// For calls that may block: cancelled by the first request to stop.
  [[nodiscard]] Context context() const;
  [[nodiscard]] std::unique_ptr<Progress> progress(std::string label,
                                                   bool counts_bytes = false) const;

  /// Where the repository is, by `--repo`, DIALOGDB_REPO or the present folder.
  [[nodiscard]] Result<Location> find_repository() const;
  /// A path as the user wrote it, as seen from the folder of `-C`.
  [[nodiscard]] std::string resolve(const std::string& path) const;
  /// Opens a file that the user named, or standard input for `-`. Its reads end with `cancelled` at
  /// the first request to stop.
  [[nodiscard]] Result<std::unique_ptr<FileSource>> open_input(const std::string& path) const;

  using Work = std::function<Result<void>(Program& program)>;
  /// What the verb does once all arguments are read.
  void on(Verb verb, Work work);
  /// The exit code of a run that ends without an error; 0 unless set.
  void set_exit_code(int code) { exit_code_ = code; }

 private:
  void add_globals(Verb app);
  [[nodiscard]] Result<void> check_folder() const;
  int finish(const Result<void>& result);

  Surroundings surroundings_;
  Output output_;
  Output::Options output_options_;
  std::string folder_;
  std::string repository_;
  Work work_;
  int exit_code_ = 0;
};

/// What `--key-format` and `--value-format` say; absent where they are not given.
struct FormatOptions {
  std::optional<ByteFormat> key = {};
  std::optional<ByteFormat> value = {};
  [[nodiscard]] ByteFormat key_or_text() const { return key.value_or(ByteFormat::text); }
  [[nodiscard]] ByteFormat value_or_text() const { return value.value_or(ByteFormat::text); }
};
void add_key_format(Verb verb, FormatOptions& options);
void add_value_format(Verb verb, FormatOptions& options);

/// A key from the command line. `invalid_argument`, `too_large`.
Result<Bytes> key_argument(const std::string& text, ByteFormat format);

/// Adds `-b` to a verb: the branch that it works on. Empty: the default one.
void add_branch_option(Verb verb, std::string& branch);

}  // namespace dialog::cli
