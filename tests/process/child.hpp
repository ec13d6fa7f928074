#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace dialog::test {

/// Another program. Killed with this object, if it still runs.
class Child {
 public:
  /// `environment` ("NAME=value") comes on top of this process's own.
  explicit Child(std::vector<std::string> words, const std::vector<std::string>& environment = {});
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// Waits for the next line of its standard output; absent where there will be none.
  std::optional<std::string> line();
  /// All lines that are still to come; waits for its end.
  std::vector<std::string> rest();

  [[nodiscard]] pid_t number() const { return process_; }
  void signal(int number) const;
  /// Kills it, and waits for its end.
  void kill();
  /// The exit status; -1 after a signal.
  int wait();

 private:
  bool fill();
  pid_t process_ = 0;
  int status_ = 0;
  int output_ = -1;
  std::string buffer_;
};

/// By the shell, to its end; whether all of it went well.
bool run_script(const std::string& script);

}  // namespace dialog::test
