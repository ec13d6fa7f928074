#include "peers.hpp"

#include <csignal>
#include <filesystem>
#include <unistd.h>
#include <utility>
#include <vector>

#include "dialog/base/hash.hpp"
#include "swap_clients.hpp"

namespace dialog::bench {
namespace {

const char* const kConnectionsMax = "8192";

ChildServer::Start dialog_start(const std::string& folder, std::uint16_t port,
                                DialogServer::Logs logs) {
  ChildServer::Start start;
  start.command = {
      DIALOGDB_PROGRAM, "serve",          "--listen",      "127.0.0.1:" + std::to_string(port),
      "--data",         folder + "/data", "--connections", kConnectionsMax};
  if (logs == DialogServer::Logs::nothing) start.command.emplace_back("--no-log");
  start.port = port;
  return start;
}

ChildServer::Start nginx_start(const std::string& folder, std::uint16_t port) {
  std::filesystem::create_directories(folder + "/www/dav");
  std::filesystem::create_directories(folder + "/temp");
  const std::string absolute = std::filesystem::absolute(folder);
  std::string temps;
  for (const char* user : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    temps += std::string(user) + "_temp_path " + absolute + "/temp;\n";
  // A worker of another user could not write below a scratch folder.
  const std::string user = ::geteuid() == 0 ? "user root;\n" : "";
  write_file(folder + "/nginx.conf",
             user + "worker_processes 1;\ndaemon off;\npid " + absolute + "/pid;\nerror_log " +
                 absolute + "/error.log;\nevents { worker_connections " + kConnectionsMax +
                 "; }\nhttp {\naccess_log off;\nkeepalive_requests 1000000000;\nsendfile on;\n"
                 "tcp_nopush on;\nclient_body_buffer_size 16k;\n"
                 "open_file_cache max=20000 inactive=60s;\n" +
                 temps + "server {\nlisten 127.0.0.1:" + std::to_string(port) + ";\nroot " +
                 absolute + "/www;\nlocation /dav/ { dav_methods PUT; }\n}\n}\n");
  ChildServer::Start start;
  start.command = {"nginx", "-p", absolute, "-c", absolute + "/nginx.conf"};
  start.port = port;
  start.log = folder + "/log";
  return start;
}

ChildServer::Start redis_start(const std::string& folder, std::uint16_t port) {
  ChildServer::Start start;
  start.command = {"redis-server",
                   "--bind",
                   "127.0.0.1",
                   "--port",
                   std::to_string(port),
                   "--dir",
                   folder,
                   "--save",
                   "",
                   "--appendonly",
                   "yes",
                   "--appendfsync",
                   "always",
                   "--daemonize",
                   "no"};
  start.port = port;
  start.log = folder + "/log";
  return start;
}

ChildServer::Start etcd_start(const std::string& folder, std::uint16_t port) {
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  const std::string peer_url = "http://127.0.0.1:" + std::to_string(free_port());
  ChildServer::Start start;
  start.command = {"etcd",
                   "--data-dir",
                   folder + "/data",
                   "--listen-client-urls",
                   url,
                   "--advertise-client-urls",
                   url,
                   "--listen-peer-urls",
                   peer_url,
                   "--initial-advertise-peer-urls",
                   peer_url,
                   "--initial-cluster",
                   "default=" + peer_url,
                   "--logger",
                   "zap",
                   "--log-level",
                   "error"};
  start.port = port;
  start.log = folder + "/log";
  return start;
}

// The newest of Debian's versions: they live side by side, outside the path.
std::string postgres_program(const std::string& name) {
  std::string newest;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::string path = version.path() / "bin" / name;
    if (std::filesystem::exists(path) && path > newest) newest = path;
  }
  if (newest.empty()) give_up("PostgreSQL is not installed");
  return newest;
}

// It refuses to run as root.
const char* const kPostgresUser = "postgres";

ChildServer::Start postgres_start(const std::string& folder, std::uint16_t port, int rows) {
  // initdb wants to be where it may read.
  const std::string data = std::filesystem::absolute(folder) / "data";
  std::filesystem::permissions(folder, std::filesystem::perms(0711));
  std::filesystem::create_directory(data);
  give_to(data, kPostgresUser);
  const std::string log = folder + "/log";
  std::string table =
      "create table register (did text primary key, revision text not null) "
      "with (fillfactor = 50);\n";
  for (int i = 0; i < rows; ++i)
    table += "insert into register values ('" + did_of(i) + "', '" + Hash().hex() + "');\n";
  write_file(folder + "/table.sql", table);
  const std::string postgres = postgres_program("postgres");
  if (!succeeds({postgres_program("initdb"), "-D", data, "-U", "postgres", "-A", "trust"}, log,
                kPostgresUser) ||
      !succeeds({"/bin/sh", "-c", "exec \"$0\" --single -D \"$1\" postgres < \"$2\"", postgres,
                 data, folder + "/table.sql"},
                log, kPostgresUser))
    give_up("PostgreSQL cannot be set up; see " + log);
  ChildServer::Start start;
  start.command = {postgres,
                   "-D",
                   data,
                   "-c",
                   "listen_addresses=127.0.0.1",
                   "-c",
                   "port=" + std::to_string(port),
                   "-c",
                   "unix_socket_directories=",
                   "-c",
                   "shared_buffers=256MB"};
  start.port = port;
  start.probe = {postgres_program("pg_isready"), "-h", "127.0.0.1", "-p", std::to_string(port)};
  start.log = log;
  start.user = kPostgresUser;
  start.end_signal = SIGQUIT;
  return start;
}

}  // namespace

DialogServer::DialogServer(const std::string& parent, Logs logs)
    : folder_(parent), port_(free_port()), process_(dialog_start(folder_.path(), port_, logs)) {}

Nginx::Nginx(const std::string& parent)
    : folder_(parent), port_(free_port()), process_(nginx_start(folder_.path(), port_)) {}

Redis::Redis(const std::string& parent)
    : folder_(parent), port_(free_port()), process_(redis_start(folder_.path(), port_)) {}

Etcd::Etcd(const std::string& parent)
    : folder_(parent), port_(free_port()), process_(etcd_start(folder_.path(), port_)) {}

Postgres::Postgres(const std::string& parent, int rows)
    : folder_(parent), port_(free_port()), process_(postgres_start(folder_.path(), port_, rows)) {}

}  // namespace dialog::bench
