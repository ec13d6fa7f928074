#include "child_server.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.hpp"

namespace dialog::bench {
namespace {

constexpr double kStartSecondsMax = 20;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool answers(std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

bool is_ready(const ChildServer::Start& start) {
  return start.probe.empty() ? answers(start.port) : succeeds(start.probe, "/dev/null");
}

const passwd* other_user(const std::string& user) {
  if (user.empty() || ::geteuid() != 0) return nullptr;
  const passwd* found = ::getpwnam(user.c_str());
  if (found == nullptr) give_up("there is no user " + user);
  return found;
}

struct Launch {
  const std::vector<std::string>& command;
  const std::string& log;
  const std::string& user;
  int end_signal;
};

pid_t launch(const Launch& start) {
  std::vector<char*> arguments;
  for (const std::string& word : start.command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = other_user(start.user);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int log = ::open(start.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (user != nullptr &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  // Who changes its user forgets this, so it comes after.
  ::prctl(PR_SET_PDEATHSIG, start.end_signal);
  if (::getppid() != parent) ::_exit(126);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

std::size_t resident_bytes_of(const std::filesystem::path& process) {
  std::ifstream status(process / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) * 1024;
  }
  return 0;
}

}  // namespace

ChildServer::ChildServer(const Start& start) : end_signal_(start.end_signal) {
  process_ = launch({start.command, start.log, start.user, start.end_signal});
  for (const double end = seconds_now() + kStartSecondsMax; !is_ready(start);) {
    if (::waitpid(process_, nullptr, WNOHANG) != 0 || seconds_now() > end)
      give_up(start.command[0] + " does not serve; see " + start.log);
    ::usleep(10'000);
  }
}

ChildServer::~ChildServer() {
  ::kill(process_, end_signal_);
  ::waitpid(process_, nullptr, 0);
}

std::size_t ChildServer::resident_bytes() const {
  const std::string path = "/proc/" + std::to_string(process_);
  std::size_t sum = resident_bytes_of(path);
  std::ifstream children(path + "/task/" + std::to_string(process_) + "/children");
  for (pid_t child = 0; children >> child;)
    sum += resident_bytes_of("/proc/" + std::to_string(child));
  return sum;
}

bool succeeds(const std::vector<std::string>& command, const std::string& log,
              const std::string& user) {
  const pid_t child = launch({command, log, user, SIGKILL});
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    give_up("no free port");
  ::close(socket);
  return ntohs(address.sin_port);
}

void give_to(const std::string& path, const std::string& user) {
  const passwd* owner = other_user(user);
  if (owner != nullptr && ::chown(path.c_str(), owner->pw_uid, owner->pw_gid) != 0)
    give_up("cannot give " + path + " to " + user);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) give_up("cannot write " + path);
}

}  // namespace dialog::bench
