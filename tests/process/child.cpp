#include "process/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "dialog/base/check.hpp"

extern char** environ;

namespace dialog::test {
namespace {

// Whoever says much must not wait for the reader.
constexpr int kPipeBytes = 1 << 20;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Child::Child(std::vector<std::string> words, const std::vector<std::string>& environment) {
  std::array<int, 2> ends{};
  DIALOG_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe");
  fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<std::string> variables = environment;
  for (char** at = environ; *at != nullptr; ++at) variables.emplace_back(*at);
  const int spawned = posix_spawn(&process_, words[0].c_str(), &actions, nullptr,
                                  pointers(words).data(), pointers(variables).data());
  DIALOG_CHECK(spawned == 0, "another process");
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  output_ = ends[0];
}

Child::~Child() {
  kill();
  close(output_);
}

bool Child::fill() {
  std::array<char, 65536> bytes{};
  ssize_t count = 0;
  do {
    count = read(output_, bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> Child::line() {
  std::size_t end = 0;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  std::string text = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return text;
}

std::vector<std::string> Child::rest() {
  while (fill()) {
  }
  std::vector<std::string> lines;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = buffer_.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(buffer_.substr(at, end - at));
  }
  buffer_.clear();
  return lines;
}

void Child::signal(int number) const {
  if (process_ > 0) ::kill(process_, number);
}

void Child::kill() {
  signal(SIGKILL);
  wait();
}

int Child::wait() {
  if (process_ <= 0) return status_;
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return status_;
}

bool run_script(const std::string& script) {
  Child child({"/bin/sh", "-ec", script});
  child.rest();
  return child.wait() == 0;
}

}  // namespace dialog::test
