#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace dialog::bench {

/// A program that serves on the loopback until this object dies; it ends with this program, too,
/// however that ends. Needs to be made and destroyed by the same thread.
class ChildServer {
 public:
  struct Start {
    std::vector<std::string> command;
    std::uint16_t port = 0;
    /// Succeeds once the server is ready; empty: it is once its port takes connections.
    std::vector<std::string> probe;
    /// Gets standard output and standard error.
    std::string log = "/dev/null";
    /// Whom the program runs as where this one runs as root; empty: as root.
    std::string user;
    /// What makes it end at once and take its own children along.
    int end_signal = 15;
  };

  /// Returns once the server is ready; ends the program where it never is.
  explicit ChildServer(const Start& start);
  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;
  ~ChildServer();

  /// What the process and its children hold in memory.
  [[nodiscard]] std::size_t resident_bytes() const;

 private:
  pid_t process_ = -1;
  int end_signal_;
};

/// Runs a program to its end, as `user` where this one runs as root. False where it failed.
bool succeeds(const std::vector<std::string>& command, const std::string& log,
              const std::string& user = {});

/// A port of the loopback that was free just now.
std::uint16_t free_port();

/// Gives a folder to `user`, where this program runs as root.
void give_to(const std::string& path, const std::string& user);

void write_file(const std::string& path, const std::string& text);

}  // namespace dialog::bench
