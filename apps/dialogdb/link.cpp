#include "link.hpp"

#include <utility>

#include "dialog/async/executor.hpp"
#include "dialog/backends/rest.hpp"
#include "dialog/http/url.hpp"

namespace dialog::cli {
namespace {

constexpr std::size_t kParallelRequests = 6;

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<AuthMethod> authenticate(const Program& program, const TokenSource& token) {
  if (!token.variable.empty()) {
    const auto value = program.surroundings().variable(token.variable);
    if (!value || value->empty()) {
      return fail(ErrorCode::unauthorized,
                  "the token of this remote is taken from the environment "
                  "variable " +
                      token.variable + ", which is not set");
    }
    return AuthMethod::bearer(*value);
  }
  if (token.file.empty()) return AuthMethod::none();
  auto text = read_small_file(token.file);
  if (!text) {
    return fail(ErrorCode::unauthorized,
                "the token of this remote cannot be read: " + text.error().message);
  }
  const std::string secret = without_line_end(*std::move(text));
  if (secret.empty()) return fail(ErrorCode::unauthorized, token.file + " holds no token");
  return AuthMethod::bearer(secret);
}

Result<RestBackendConfig> configure(const Program& program, const Remote& remote) {
  const LinkOptions options = from_record(remote.options);
  DIALOG_ASSIGN(AuthMethod auth, authenticate(program, options.token));
  RestBackendConfig config(remote.url);
  config.with_auth(std::move(auth));
  // Where nothing is published, another web server would look the same.
  config.with_capabilities_required();
  if (options.allow_plain_http) config.with_plain_http_credentials();
  return config;
}

}  // namespace

void add_link_options(CLI::App* verb, LinkOptions& options) {
  CLI::Option* const file =
      verb->add_option("--token-file", options.token.file,
                       "A file that holds the token; its path is remembered, not the token");
  file->type_name("FILE");
  verb->add_option("--token-env", options.token.variable,
                   "An environment variable that holds the token; its name is remembered")
      ->type_name("VAR")
      ->excludes(file);
  verb->add_flag("--insecure-token", options.allow_plain_http,
                 "Send the token over plain HTTP too, where everybody on the way can read it");
}

std::map<std::string, std::string> to_record(const LinkOptions& options) {
  std::map<std::string, std::string> record;
  if (!options.token.file.empty()) record["token_file"] = options.token.file;
  if (!options.token.variable.empty()) record["token_env"] = options.token.variable;
  if (options.allow_plain_http) record["insecure_token"] = "true";
  return record;
}

LinkOptions from_record(const std::map<std::string, std::string>& record) {
  LinkOptions options;
  const auto find = [&](const char* name) {
    const auto found = record.find(name);
    return found == record.end() ? std::string() : found->second;
  };
  options.token.file = find("token_file");
  options.token.variable = find("token_env");
  options.allow_plain_http = find("insecure_token") == "true";
  return options;
}

Result<RemoteAddress> parse_address(const std::string& text) {
  RemoteAddress address{text, std::nullopt};
  const std::size_t slash = text.rfind('/');
  if (slash != std::string::npos) {
    const std::string last = text.substr(slash + 1);
    if (last.starts_with("did:") || last.starts_with("did%3A") || last.starts_with("did%3a")) {
      DIALOG_ASSIGN(const Subject subject, wire::parse_subject_segment(last));
      address = {text.substr(0, slash), subject.did()};
    }
  }
  DIALOG_ASSIGN(const Endpoint endpoint, Endpoint::parse(address.url));
  address.url = endpoint.text();
  return address;
}

Link::Link(std::string name, Subject subject, RestBackendConfig config,
           std::shared_ptr<CountingHttpClient> client, RestBackend backend,
           std::unique_ptr<HttpArchive> blocks)
    : name_(std::move(name)),
      subject_(std::move(subject)),
      config_(std::move(config)),
      client_(std::move(client)),
      backend_(std::move(backend)),
      blocks_(std::move(blocks)) {}

Result<std::unique_ptr<Link>> Link::open(const Program& program, const Remote& remote) {
  DIALOG_ASSIGN(RestBackendConfig config, configure(program, remote));
  DIALOG_ASSIGN(Subject subject, Subject::parse(remote.subject));
  auto client = std::make_shared<CountingHttpClient>(make_http_transport().client);
  HttpTransport transport;
  transport.client = client;
  DIALOG_ASSIGN(RestBackend backend, RestBackend::create(config, transport));
  HttpArchiveOptions archive_options;
  // One of the requests runs on the thread that asks.
  archive_options.parallel_for = parallel_for_on(
      std::make_shared<ThreadPool>(ThreadPool::Options{.threads = kParallelRequests - 1}),
      kParallelRequests);
  DIALOG_ASSIGN(auto blocks, HttpArchive::create(config, transport, subject, archive_options));
  return std::unique_ptr<Link>(new Link(remote.name, std::move(subject), std::move(config),
                                        std::move(client), std::move(backend), std::move(blocks)));
}

RemoteConnection Link::connection() { return {name_, subject_, backend_, *blocks_}; }

Result<std::optional<wire::Capabilities>> Link::capabilities(const Context& context) {
  HttpTransport transport;
  transport.client = client_;
  return fetch_capabilities(config_, transport, context);
}

}  // namespace dialog::cli
