#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "program.hpp"
#include "signals.hpp"

namespace {

// A file that is opened later would get the number of a stream that was closed, and what the
// program says would go into that file.
void open_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != stream) std::abort();
  }
}

std::optional<std::string> environment_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  open_closed_streams();
  // A peer that hangs up is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // Never destroyed: its thread goes on until the process ends.
  static auto& signals = *new dialog::cli::Signals;
  dialog::cli::Program program({.variable = environment_variable,
                                .variable_names = environment_names(),
                                .stderr_is_terminal = isatty(STDERR_FILENO) == 1,
                                .stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
                                .requests = &signals});
  const int code = program.run(std::vector<std::string>(argv + 1, argv + argc));
  if (program.output().reader_is_gone()) {
    // As any other tool whose reader went away.
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  return code;
}
