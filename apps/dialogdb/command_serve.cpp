#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <sys/resource.h>
#include <thread>

#include "arguments.hpp"
#include "cloud_access.hpp"
#include "commands.hpp"
#include "dialog/server/server.hpp"
#include "settings.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
// Room for the largest batch, going in or out, and for another one.
constexpr std::uint64_t kBytesInFlightMin = 2 * wire::kBatchBytesMax;

struct ServeOptions {
  std::string listen = "127.0.0.1:8440";
  ServerPlaces places;
  std::string tokens;
  std::string tls_certificate;
  std::string tls_key;
  bool signatures = false;
  std::string signed_subjects;
  std::string public_url;
  std::string port_file;
  std::string path_prefix;
  std::vector<std::string> cors;
  std::vector<std::string> proxies;
  bool open = false;
  bool quoted_etag = false;
  bool no_log = false;
  std::uint32_t drain_seconds = 0;
  std::string config;
  bool print_config = false;
  server::ServerConfig bounds;
  server::ServiceConfig service_bounds;
  Quota quota;
};

Result<server::ServerConfig> server_config(const ServeOptions& options) {
  server::ServerConfig config = options.bounds;
  const std::size_t colon = options.listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : options.listen.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), config.port);
  if (colon == std::string::npos || error != std::errc{} || end != port.data() + port.size()) {
    return fail(ErrorCode::invalid_argument,
                "--listen takes HOST:PORT, such as 127.0.0.1:8440 or "
                "[::1]:0, not \"" +
                    options.listen + "\"");
  }
  config.host = options.listen.substr(0, colon);
  if (config.host.starts_with('[') && config.host.ends_with(']')) {
    config.host = config.host.substr(1, config.host.size() - 2);
  }
  config.open = options.open;
  config.trusted_proxies = options.proxies;
  return config;
}

Result<std::shared_ptr<const server::TokenSet>> load_tokens(const std::string& path) {
  DIALOG_ASSIGN(const std::string text, read_small_file(path));
  auto tokens = server::TokenSet::parse(text);
  if (!tokens) return fail(tokens.error().within(path));
  return std::make_shared<const server::TokenSet>(*std::move(tokens));
}

bool is_this_machine(const std::string& host) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const auto endpoint = Endpoint::parse("http://" + (is_ipv6 ? "[" + host + "]" : host));
  return endpoint && endpoint->is_loopback();
}

Result<server::TlsPair> load_tls(const Program& program, const ServeOptions& options) {
  server::TlsPair pair;
  DIALOG_ASSIGN(pair.certificate, read_small_file(program.resolve(options.tls_certificate)));
  DIALOG_ASSIGN(pair.key, read_small_file(program.resolve(options.tls_key)));
  return pair;
}

Result<std::shared_ptr<const server::SubjectSet>> load_subjects(const std::string& path) {
  DIALOG_ASSIGN(const std::string text, read_small_file(path));
  auto subjects = server::SubjectSet::parse(text);
  if (!subjects) return fail(subjects.error().within(path));
  return std::make_shared<const server::SubjectSet>(*std::move(subjects));
}

// Signatures are for one server: it must know the name that clients sign.
Result<void> take_signatures(const ServeOptions& options, const std::string& host,
                             server::ServiceConfig& config) {
  config.signatures = options.signatures;
  if (!options.public_url.empty()) {
    DIALOG_ASSIGN(config.public_endpoint, Endpoint::parse(options.public_url));
  }
  if (options.signatures && !config.public_endpoint && !is_this_machine(host)) {
    return fail(ErrorCode::invalid_argument,
                "--signatures beyond this machine needs --public-url: clients sign the address "
                "that they use, and a signature for another server must not count here");
  }
  return {};
}

// As it stands in a URL: a slash before it and none behind.
std::string normal_prefix(std::string prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix.empty() || prefix.starts_with('/') ? prefix : "/" + prefix;
}

void announce(Program& program, const server::ServerConfig& config, std::uint16_t port,
              const std::string& path_prefix) {
  const std::string& host = config.host;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const std::string url = fmt::format("{}://{}:{}{}", config.tls ? "https" : "http",
                                      is_ipv6 ? "[" + host + "]" : host, port, path_prefix);
  if (program.output().json()) {
    program.output().document(Json{{"url", url}, {"host", host}, {"port", port}});
  } else {
    program.output().line("Listening on " + url);
  }
  // Whoever started the server waits for this line.
  static_cast<void>(program.output().finish());
}

Result<void> write_port_file(const Program& program, const ServeOptions& options,
                             std::uint16_t port) {
  if (options.port_file.empty()) return {};
  DIALOG_ASSIGN(const auto sink, FileSink::create(program.resolve(options.port_file)));
  DIALOG_TRY(sink->write(std::to_string(port) + "\n"));
  return sink->finish();
}

// Each connection takes a descriptor; what the system lets this program have by default is few.
void take_all_descriptors() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

// The files that are read anew while the server runs.
struct ReloadedFiles {
  std::string tokens;           ///< empty: none
  std::string signed_subjects;  ///< the same
};

Result<void> load(const ReloadedFiles& files, server::Service& service) {
  std::shared_ptr<const server::TokenSet> tokens;
  std::shared_ptr<const server::SubjectSet> subjects;
  if (!files.tokens.empty()) {
    DIALOG_ASSIGN(tokens, load_tokens(files.tokens));
  }
  if (!files.signed_subjects.empty()) {
    DIALOG_ASSIGN(subjects, load_subjects(files.signed_subjects));
  }
  service.set_tokens(std::move(tokens));
  service.set_signed_subjects(std::move(subjects));
  return {};
}

void reload_tls(const Program& program, const ServeOptions& options, server::Server& server,
                server::Log& log) {
  auto pair = load_tls(program, options);
  const Result<void> taken =
      pair ? server.set_tls(*pair) : Result<void>(fail(std::move(pair).error()));
  if (taken) {
    log.event(server::Severity::info, "certificate_read", options.tls_certificate);
  } else {
    log.event(server::Severity::error, "certificate_kept", taken.error().message);
  }
}

void reload_credentials(const ReloadedFiles& files, server::Service& service, server::Log& log) {
  if (files.tokens.empty() && files.signed_subjects.empty()) return;
  if (const auto loaded = load(files, service)) {
    log.event(server::Severity::info, "tokens_read", files.tokens + files.signed_subjects);
  } else {
    log.event(server::Severity::error, "tokens_kept", loaded.error().message);
  }
}

// Until somebody wants the server to stop. Requests are kept since before anybody knew of it.
void serve_on(Requests& requests, const std::function<void()>& reload) {
  while (requests.wait() == Request::reload) reload();
}

// Goes on serving while those who send clients here learn that it is about to stop; until the time
// is over, or somebody insists.
void drain(Requests& requests, std::chrono::seconds time, const std::function<void()>& reload,
           server::Service& service, server::Log& log) {
  service.begin_drain();
  if (time == time.zero()) return;
  log.event(server::Severity::info, "draining",
            "for " + std::to_string(time.count()) + " seconds, or until the next signal to stop");
  const MonotonicTime end = system_clock().now() + time;
  while (true) {
    const auto request = requests.wait_for(end - system_clock().now());
    if (request != Request::reload) return;
    reload();
  }
}

Result<void> run_serve(Program& program, const ServeOptions& options) {
  Requests& requests = *program.surroundings().requests;
  requests.keep(options.drain_seconds > 0 ? 2 : 1);
  DIALOG_ASSIGN(server::ServerConfig config, server_config(options));
  if (!options.tls_certificate.empty()) {
    DIALOG_ASSIGN(config.tls, load_tls(program, options));
  }
  ReloadedFiles files;
  if (!options.tokens.empty()) files.tokens = program.resolve(options.tokens);
  if (!options.signed_subjects.empty())
    files.signed_subjects = program.resolve(options.signed_subjects);
  server::ServiceConfig service_config = options.service_bounds;
  service_config.path_prefix = normal_prefix(options.path_prefix);
  service_config.cors_origins = options.cors;
  DIALOG_TRY(take_signatures(options, config.host, service_config));
  if (options.quoted_etag) service_config.etag_style = wire::EtagStyle::quoted;
  take_all_descriptors();
  DIALOG_ASSIGN(const auto store, open_server_store(program, options.places));
  std::unique_ptr<server::Log> log = std::make_unique<server::SilentLog>();
  if (!options.no_log) log = server::make_json_log(server::LogTarget::standard_error);
  DIALOG_TRY(store->set_default_quota(options.quota));
  // Who is trusted behind a proxy, or beyond this machine, has a token.
  service_config.admin_without_tokens = files.tokens.empty() && !options.signatures &&
                                        !config.open && config.trusted_proxies.empty() &&
                                        is_this_machine(config.host);
  server::Service service(*store, service_config);
  DIALOG_TRY(load(files, service));
  server::Server server(service, config, *log);
  if (auto started = server.start(); !started) {
    Error error = std::move(started).error();
    if (server.needs_tokens()) error.message += " (--tokens FILE, --signatures, --open)";
    return fail(std::move(error));
  }
  DIALOG_TRY(write_port_file(program, options, server.port()));
  announce(program, config, server.port(), service_config.path_prefix);
  const auto reload = [&] {
    if (!options.tls_certificate.empty()) reload_tls(program, options, server, *log);
    reload_credentials(files, service, *log);
  };
  serve_on(requests, reload);
  drain(requests, std::chrono::seconds(options.drain_seconds), reload, service, *log);
  server.stop();
  return {};
}

std::vector<Need> needs() {
  return {{"tls-cert", "tls-key"}, {"tls-key", "tls-cert"}, {"signed-subjects", "signatures"}};
}

// All options that the arguments left out, from elsewhere.
Result<std::map<std::string, Origin>> settle(Program& program, Verb verb,
                                             const ServeOptions& options) {
  const auto& variable = program.surroundings().variable;
  std::string file = options.config;
  if (file.empty()) file = variable("DIALOGDB_CONFIG").value_or("");
  if (!file.empty()) file = program.resolve(file);
  DIALOG_ASSIGN(auto origins, apply_settings(verb, needs(), {file, variable}));
  // No reason to refuse: others, such as a cluster's manager, may set variables of such names.
  for (const std::string& name : unknown_variables(verb, program.surroundings().variable_names)) {
    program.output().warn("the environment variable " + name + " is no option of serve");
  }
  return origins;
}

// As a file for `--config`, or as JSON.
Result<void> print_config(Program& program, Verb verb,
                          const std::map<std::string, Origin>& origins) {
  for (const auto& [name, origin] : origins) {
    const auto values = Values(verb).in_force(name);
    if (program.output().json()) {
      program.output().document(
          Json{{"option", name}, {"values", values}, {"from", to_string(origin)}});
      continue;
    }
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "\"" : ", \"") + value + "\"";
    if (values.size() > 1) text = "[" + text + "]";
    if (!values.empty())
      program.output().line(fmt::format("# {}\n{} = {}", to_string(origin), name, text));
  }
  return {};
}

// The bounds on what clients can make the server hold.
void add_bounds(Verb verb, ServeOptions& options) {
  const auto add = [&](const char* name, auto& bound, Bounds limits, const char* what) {
    verb.option(name, bound, what).number(limits).type("N").show_default();
  };
  server::ServerConfig& server = options.bounds;
  // The others are for those who write, and for whoever sends the requests.
  server.io_threads = std::clamp(std::thread::hardware_concurrency() / 2, 1U, 16U);
  add("--connections", server.connections_max, {1, 1'000'000}, "Open at once, at most");
  add("--connections-per-address", server.connections_per_address_max, {1, 1'000'000},
      "The same from one address; this machine's own are not counted");
  add("--io-threads", server.io_threads, {1, 256},
      "Threads that serve connections, and answer reads themselves");
  add("--workers", server.worker_threads, {1, 1024},
      "How many requests may use the database at once");
  add("--bytes-in-flight", server.bytes_in_flight_max, {kBytesInFlightMin, kMebibyte * kMebibyte},
      "Bytes of all requests and answers that are held at once, at most");
  add("--wrong-signatures", server.wrong_signatures_per_minute_max, {1, 1'000'000'000},
      "Signatures from one address that may turn out wrong within a minute");
  server::ServiceConfig& service = options.service_bounds;
  add("--signatures-remembered", service.nonces_max, {1024, std::uint64_t{1} << 26},
      "Signatures that are kept until they expire, so that none counts twice; 64 bytes each");
  add("--new-databases-per-hour", service.new_subjects_per_hour_max, {0, 1'000'000'000},
      "Databases that signatures may begin within an hour");
  add("--streams", service.streams_max, {0, 1'000'000},
      "Streams of changes that are open at once, at most; 0: none are offered");
  add("--batch-blocks", service.batch_hashes_max, {1, wire::kBatchHashesMax},
      "Blocks in one request or answer, at most");
  add("--batch-bytes", service.batch_bytes_max, {kBlockBytesMax, wire::kBatchBytesMax},
      "Bytes of blocks in one request or answer, at most");
}

void add_quota(Verb verb, ServeOptions& options) {
  verb.option("--quota-bytes", options.quota.bytes,
              "Bytes of blocks that one subject may hold, unless 'admin quota' says otherwise")
      .number()
      .type("N");
  verb.option("--quota-blocks", options.quota.blocks, "The same for the number of blocks")
      .number()
      .type("N");
}

void add_places(Verb verb, ServeOptions& options) {
  verb.option("--listen", options.listen, "Where; port 0 takes any free one")
      .type("HOST:PORT")
      .show_default();
  verb.option("--data", options.places.data, "The folder for all that it keeps; made if absent")
      .type("DIR");
  verb.option("--register", options.places.heads,
              "Keep the heads there instead: s3://BUCKET/PREFIX or etcd://HOST,HOST/PREFIX; "
              "several servers may share it")
      .type("URL");
  verb.option("--archive", options.places.archive,
              "Keep the blocks there instead: s3://BUCKET/PREFIX")
      .type("URL");
  verb.flag("--insecure-cloud", options.places.allow_plain_http,
            "Reach them over plain HTTP too, where everybody on the way can read and forge");
}

// Who may do what, and how it is known who asks.
void add_credentials(Verb verb, ServeOptions& options) {
  verb.option("--tokens", options.tokens,
              "Who may do what ('dialogdb token create' makes lines); read anew on SIGHUP")
      .not_empty()
      .type("FILE");
  verb.option("--tls-cert", options.tls_certificate,
              "Speak HTTPS with this certificate, and those that vouch for it, as PEM; "
              "read anew on SIGHUP")
      .not_empty()
      .type("FILE");
  verb.option("--tls-key", options.tls_key, "Its private key, as PEM without a password")
      .not_empty()
      .type("FILE");
  verb.flag("--signatures", options.signatures,
            "Let every key use its own database, and those that 'dialogdb delegate' lets it use");
  verb.option("--signed-subjects", options.signed_subjects,
              "Only these databases may be used so: a file of DIDs; read anew on SIGHUP")
      .not_empty()
      .type("FILE");
  verb.option("--public-url", options.public_url,
              "The address that clients use, where that is another, as behind a proxy")
      .not_empty()
      .type("URL");
  verb.flag("--open", options.open, "Serve everybody, beyond this machine too, without tokens");
}

}  // namespace

void add_serve(Verb app, Program& program) {
  auto options = std::make_shared<ServeOptions>();
  const Verb verb = app.verb(
      "serve", "Run a server: a register and an archive for any number of databases",
      {"dialogdb serve --data ./server",
       "dialogdb serve --listen 0.0.0.0:8440 --data ./server --tokens tokens",
       "dialogdb serve --data ./server --signatures --public-url https://db.example.org",
       "dialogdb serve --config /etc/dialogdb/serve.toml",
       "dialogdb serve --listen 127.0.0.1:0 --data ./server --json   # any free port, as JSON"});
  add_places(verb, *options);
  add_credentials(verb, *options);
  verb.option("--port-file", options->port_file, "Write the port here once it listens")
      .type("FILE");
  verb.option("--path-prefix", options->path_prefix, "What stands before the DID in every URL")
      .type("PATH");
  verb.option("--cors", options->cors, "Web pages of this origin may call; may be repeated")
      .type("ORIGIN")
      .repeated();
  verb.option("--trusted-proxy", options->proxies,
              "An address or network whose X-Forwarded-For is believed; may be repeated")
      .type("ADDRESS")
      .repeated();
  verb.flag("--quoted-etag", options->quoted_etag, "ETags in quotes, as RFC 9110 wants them");
  verb.option("--drain", options->drain_seconds,
              "Go on for so long after the signal to stop, while /readyz says 503; another "
              "signal ends that")
      .number({0, 86'400})
      .type("SECONDS")
      .show_default();
  verb.flag("--no-log", options->no_log, "No log on standard error");
  add_bounds(verb, *options);
  add_quota(verb, *options);
  verb.option("--config", options->config,
              "Options from a file, by their names: listen = \"0.0.0.0:8440\". Arguments come "
              "first, then the environment (DIALOGDB_LISTEN), then the file")
      .type("FILE");
  verb.flag("--print-config", options->print_config,
            "Show the options in force and where they come from, and serve nothing");
  show_needs(verb, needs());
  program.on(verb, [options, verb](Program& running) -> Result<void> {
    DIALOG_ASSIGN(const auto origins, settle(running, verb, *options));
    if (options->print_config) return print_config(running, verb, origins);
    return run_serve(running, *options);
  });
}

void add_version(Verb app, Program& program) {
  const Verb verb = app.verb("version", "Show the version", {"dialogdb version --json"});
  program.on(verb, [](Program& running) -> Result<void> {
    if (running.output().json()) {
      running.output().document(Json{{"program", "dialogdb"}, {"version", DIALOGDB_VERSION}});
    } else {
      running.output().line("dialogdb " DIALOGDB_VERSION);
    }
    return {};
  });
}

}  // namespace dialog::cli
