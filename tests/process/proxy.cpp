#include "process/proxy.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

#include "dialog/base/check.hpp"

namespace dialog::test {
namespace {

// Its port is known before nginx runs, and a client that is early waits until it does.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    DIALOG_CHECK(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     ::listen(socket_, SOMAXCONN) == 0 &&
                     ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "a free port of this machine");
    port_ = ntohs(address.sin_port);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(socket_); }
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

void replace_all(std::string& text, const std::string& pattern, const std::string& by) {
  const std::regex expression(pattern);
  DIALOG_CHECK(std::regex_search(text, expression), "what the example of a proxy has");
  text = std::regex_replace(text, expression, by);
}

std::string configuration(const std::string& folder, std::uint16_t port, std::uint16_t upstream) {
  std::ifstream file(DIALOG_NGINX_EXAMPLE);
  std::stringstream example;
  example << file.rdbuf();
  std::string site = example.str();
  replace_all(site, "server 127\\.0\\.0\\.1:8440;",
              "server 127.0.0.1:" + std::to_string(upstream) + ";");
  replace_all(site, "listen 443 ssl;", "listen 127.0.0.1:" + std::to_string(port) + ";");
  replace_all(site, "listen \\[::\\]:443 ssl;", "");
  replace_all(site, "ssl_certificate[a-z_]* [^;]*;", "");
  std::string temporary;
  for (const char* use : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    temporary += std::string(use) + "_temp_path " + folder + "/temporary;\n";
  // A worker of another user could not read below the folder of a test.
  const std::string user = ::geteuid() == 0 ? "user root;\n" : "";
  return user + "daemon off;\nworker_processes 1;\npid " + folder + "/pid;\nerror_log " + folder +
         "/error.log;\nevents {}\nhttp {\naccess_log off;\n" + temporary + site + "}\n";
}

}  // namespace

Proxy::Proxy(std::uint16_t upstream) {
  // The one socket that it inherits; it would take one of its own otherwise, on a port that another
  // program might have taken in the meantime.
  const Listener listener;
  port_ = listener.port();
  const std::string folder = std::filesystem::absolute(folder_.path());
  std::ofstream(folder + "/nginx.conf") << configuration(folder, port_, upstream);
  process_ = std::make_unique<Child>(
      // Its worker goes with it however the test ends.
      std::vector<std::string>{DIALOG_SETPRIV, "--pdeathsig", "TERM", DIALOG_NGINX, "-p", folder,
                               "-c", folder + "/nginx.conf", "-e", folder + "/error.log"},
      std::vector<std::string>{"NGINX=" + std::to_string(listener.socket()) + ";"});
}

Proxy::~Proxy() {
  process_->signal(SIGTERM);
  process_->wait();
}

}  // namespace dialog::test
