#include "link.hpp"

#include <algorithm>
#include <utility>

#include "cloud_access.hpp"
#include "dialog/async/executor.hpp"
#include "dialog/backends/rest.hpp"
#include "dialog/cloud/etcd_register.hpp"
#include "dialog/cloud/s3_archive.hpp"
#include "dialog/cloud/s3_register.hpp"
#include "dialog/http/url.hpp"
#include "dialog/remote/register_backend.hpp"

namespace dialog::cli {
namespace {

// At the same time; a server takes many blocks in one, a bucket takes one.
constexpr std::size_t kServerRequests = 6;
constexpr std::size_t kBucketRequests = 32;

ParallelFor parallel_requests(std::size_t width) {
  // One of the requests runs on the thread that asks.
  return parallel_for_on(std::make_shared<ThreadPool>(ThreadPool::Options{.threads = width - 1}),
                         width);
}

wire::Capabilities all_of_our_own() {
  wire::Capabilities offered;
  offered.archive = true;
  offered.history = true;
  return offered;
}

/// Two clients in one: what goes to some endpoints has its own certificates.
class SplitClient final : public HttpClient {
 public:
  SplitClient(std::vector<Endpoint> endpoints, std::shared_ptr<HttpClient> for_them,
              std::shared_ptr<HttpClient> for_others)
      : endpoints_(std::move(endpoints)),
        for_them_(std::move(for_them)),
        for_others_(std::move(for_others)) {}

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override {
    return chosen(request).send(request, response_bytes_max, context);
  }
  Result<HttpResponse, HttpFailure> stream(const HttpRequest& request, const HttpStream& stream,
                                           const Context& context) override {
    return chosen(request).stream(request, stream, context);
  }

 private:
  [[nodiscard]] HttpClient& chosen(const HttpRequest& request) const {
    const bool is_theirs =
        std::any_of(endpoints_.begin(), endpoints_.end(), [&](const Endpoint& endpoint) {
          return request.target.starts_with(endpoint.text() + "/");
        });
    return is_theirs ? *for_them_ : *for_others_;
  }

  std::vector<Endpoint> endpoints_;
  std::shared_ptr<HttpClient> for_them_;
  std::shared_ptr<HttpClient> for_others_;
};

}  // namespace

Result<RemoteAddress> parse_address(const std::string& text) {
  const bool is_bucket = S3Location::is_meant_by(text);
  const bool is_etcd = EtcdAddress::is_meant_by(text);
  // A server's address has no query; the DID stands before it.
  const std::size_t path_end =
      is_bucket || is_etcd ? std::min(text.find('?'), text.size()) : text.size();
  const std::string path = text.substr(0, path_end);
  RemoteAddress address{text, std::nullopt};
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos) {
    const std::string last = path.substr(slash + 1);
    if (last.starts_with("did:") || last.starts_with("did%3A") || last.starts_with("did%3a")) {
      DIALOG_ASSIGN(const Subject subject, wire::parse_subject_segment(last));
      address = {path.substr(0, slash) + text.substr(path_end), subject.did()};
    }
  }
  if (is_bucket) {
    DIALOG_ASSIGN(const S3Location location, S3Location::parse(address.url));
    address.url = location.text();
  } else if (is_etcd) {
    DIALOG_ASSIGN(const EtcdAddress etcd, EtcdAddress::parse(address.url));
    address.url = etcd.text();
  } else {
    DIALOG_ASSIGN(const Endpoint endpoint, Endpoint::parse(address.url));
    address.url = endpoint.text();
  }
  return address;
}

bool is_server(const std::string& url) {
  return !S3Location::is_meant_by(url) && !EtcdAddress::is_meant_by(url);
}

Result<void> check_places(const Remote& remote) {
  const std::string archive = from_record(remote.options).archive;
  if (!EtcdAddress::is_meant_by(remote.url)) {
    if (archive.empty()) return {};
    return fail(ErrorCode::invalid_argument,
                "--archive is for remotes in etcd; " + remote.url + " keeps blocks itself");
  }
  if (!S3Location::is_meant_by(archive)) {
    return fail(ErrorCode::invalid_argument,
                "etcd keeps no blocks; say where they are with --archive s3://BUCKET/PREFIX");
  }
  DIALOG_TRY(S3Location::parse(archive));
  return {};
}

Link::Link(std::string name, Subject subject, std::shared_ptr<CountingHttpClient> client,
           Parts parts)
    : name_(std::move(name)),
      subject_(std::move(subject)),
      client_(std::move(client)),
      parts_(std::move(parts)) {}

Result<std::unique_ptr<Link>> Link::open(const Program& program, const Remote& remote) {
  DIALOG_ASSIGN(Subject subject, Subject::parse(remote.subject));
  CurlClientOptions client_options;
  if (const std::string file = from_record(remote.options).ca_file; !file.empty())
    client_options.ca_file = file;
  DIALOG_TRY(check_places(remote));
  auto client = std::make_shared<CountingHttpClient>(make_http_transport(client_options).client);
  HttpTransport transport;
  transport.client = client;
  DIALOG_ASSIGN(Parts parts, S3Location::is_meant_by(remote.url)
                                 ? open_bucket(program, remote, subject, transport)
                             : EtcdAddress::is_meant_by(remote.url)
                                 ? open_etcd(program, remote, subject, client)
                                 : open_server(program, remote, subject, transport));
  return std::unique_ptr<Link>(
      new Link(remote.name, std::move(subject), std::move(client), std::move(parts)));
}

Result<Link::Parts> Link::open_server(const Program& program, const Remote& remote,
                                      const Subject& subject, const HttpTransport& transport) {
  DIALOG_ASSIGN(RestBackendConfig config,
                configure(program, remote.url, from_record(remote.options)));
  Parts parts;
  DIALOG_ASSIGN(RestBackend backend, RestBackend::create(config, transport));
  parts.backend = std::make_unique<RestBackend>(std::move(backend));
  HttpArchiveOptions archive_options;
  archive_options.parallel_for = parallel_requests(kServerRequests);
  DIALOG_ASSIGN(parts.blocks, HttpArchive::create(config, transport, subject, archive_options));
  parts.capabilities = [config, transport](const Context& context) {
    return fetch_capabilities(config, transport, context);
  };
  return parts;
}

Result<Link::Parts> Link::open_bucket(const Program& program, const Remote& remote,
                                      const Subject& subject, const HttpTransport& transport) {
  const LinkOptions options = from_record(remote.options);
  if (!options.token.file.empty() || !options.token.variable.empty() || options.signature.on) {
    return fail(
        ErrorCode::invalid_argument,
        "a bucket takes no token and no signature; its credentials come from the environment "
        "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or from ~/.aws/credentials");
  }
  DIALOG_ASSIGN(const S3Config config,
                bucket_config(program, remote.url, options.allow_plain_http));
  Parts parts;
  DIALOG_ASSIGN(std::shared_ptr<Register> heads, S3Register::create(config, transport));
  parts.backend = std::make_unique<RegisterBackend>(std::move(heads));
  DIALOG_ASSIGN(parts.blocks,
                S3Archive::create(config, transport, subject, parallel_requests(kBucketRequests)));
  parts.capabilities = [](const Context&) -> Result<std::optional<wire::Capabilities>> {
    return all_of_our_own();
  };
  return parts;
}

Result<Link::Parts> Link::open_etcd(const Program& program, const Remote& remote,
                                    const Subject& subject,
                                    std::shared_ptr<CountingHttpClient>& client) {
  const LinkOptions options = from_record(remote.options);
  if (options.signature.on) {
    return fail(
        ErrorCode::invalid_argument,
        "etcd takes no signature; name a user with --token-file, which holds NAME:PASSWORD");
  }
  DIALOG_ASSIGN(const AuthMethod user, authenticate(program, options.token));
  DIALOG_ASSIGN(EtcdAccess access,
                etcd_access(program, remote.url, user.bearer_token(), options.allow_plain_http));
  client = std::make_shared<CountingHttpClient>(std::make_shared<SplitClient>(
      access.address.endpoints(), make_http_transport(access.client).client, client));
  HttpTransport transport;
  transport.client = client;
  DIALOG_ASSIGN(const S3Config bucket,
                bucket_config(program, options.archive, options.allow_plain_http));
  Parts parts;
  DIALOG_ASSIGN(
      std::shared_ptr<Register> heads,
      EtcdRegister::create(std::move(access.address), std::move(access.options), transport));
  parts.backend = std::make_unique<RegisterBackend>(std::move(heads));
  DIALOG_ASSIGN(parts.blocks,
                S3Archive::create(bucket, transport, subject, parallel_requests(kBucketRequests)));
  parts.capabilities = [](const Context&) -> Result<std::optional<wire::Capabilities>> {
    return all_of_our_own();
  };
  return parts;
}

HttpTransport Link::transport() const {
  HttpTransport transport;
  transport.client = client_;
  return transport;
}

RemoteConnection Link::connection() { return {name_, subject_, *parts_.backend, *parts_.blocks}; }

}  // namespace dialog::cli
