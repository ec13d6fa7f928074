#include "cloud_access.hpp"

#include <utility>

#include "dialog/async/executor.hpp"
#include "dialog/backends/log_server_store.hpp"
#include "dialog/backends/rest.hpp"
#include "dialog/cloud/etcd_register.hpp"
#include "dialog/cloud/etcd_revocations.hpp"
#include "dialog/cloud/s3_archives.hpp"
#include "dialog/cloud/s3_register.hpp"
#include "dialog/cloud/s3_revocations.hpp"
#include "dialog/remote/composed_server_store.hpp"
#include "location.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

// Of one batch of blocks, at the same time.
constexpr std::size_t kParallelRequests = 16;

std::string variable(const Program& program, const char* name) {
  return program.surroundings().variable(name).value_or("");
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// The lines `name = value` of the section of that name.
AwsCredentials read_profile(std::string_view text, std::string_view profile) {
  AwsCredentials found;
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('[')) {
      inside = line.ends_with(']') && trimmed(line.substr(1, line.size() - 2)) == profile;
      continue;
    }
    const std::size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos || line.starts_with('#')) continue;
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string value(trimmed(line.substr(equals + 1)));
    if (name == "aws_access_key_id") found.access_key = value;
    if (name == "aws_secret_access_key") found.secret_key = value;
    if (name == "aws_session_token") found.session_token = value;
  }
  return found;
}

Result<AwsCredentials> find_credentials(const Program& program) {
  AwsCredentials found{variable(program, "AWS_ACCESS_KEY_ID"),
                       variable(program, "AWS_SECRET_ACCESS_KEY"),
                       variable(program, "AWS_SESSION_TOKEN")};
  if (!found.access_key.empty() && !found.secret_key.empty()) return found;
  std::string file = variable(program, "AWS_SHARED_CREDENTIALS_FILE");
  if (file.empty()) file = variable(program, "HOME") + "/.aws/credentials";
  std::string profile = variable(program, "AWS_PROFILE");
  if (profile.empty()) profile = "default";
  const auto text = read_small_file(file);
  if (text) found = read_profile(*text, profile);
  if (!found.access_key.empty() && !found.secret_key.empty()) return found;
  return fail(
      ErrorCode::unauthorized,
      "no credentials for a bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put "
      "them into the profile " +
          profile + " of " + file);
}

ParallelFor parallel_requests() {
  // One of the requests runs on the thread that asks.
  return parallel_for_on(
      std::make_shared<ThreadPool>(ThreadPool::Options{.threads = kParallelRequests - 1}),
      kParallelRequests);
}

using Parts = ComposedServerStore::Parts;

Result<void> open_heads(const Program& program, const std::string& url, bool allow_plain_http,
                        Parts& parts) {
  if (S3Location::is_meant_by(url)) {
    DIALOG_ASSIGN(const S3Config config, bucket_config(program, url, allow_plain_http));
    DIALOG_ASSIGN(std::shared_ptr<S3Register> heads,
                  S3Register::create(config, make_http_transport(), parallel_requests()));
    DIALOG_TRY(heads->probe(program.context()));
    parts.heads = std::move(heads);
    DIALOG_ASSIGN(parts.revocations, S3Revocations::create(config, make_http_transport()));
    return {};
  }
  if (EtcdAddress::is_meant_by(url)) {
    DIALOG_ASSIGN(const EtcdAccess access,
                  etcd_access(program, url, std::nullopt, allow_plain_http));
    DIALOG_ASSIGN(
        std::shared_ptr<EtcdRegister> heads,
        EtcdRegister::create(access.address, access.options, make_http_transport(access.client)));
    DIALOG_TRY(heads->probe(program.context()));
    parts.heads = std::move(heads);
    DIALOG_ASSIGN(parts.revocations, EtcdRevocations::create(access.address, access.options,
                                                             make_http_transport(access.client)));
    return {};
  }
  // Not repeated: it may hold a password.
  return fail(ErrorCode::invalid_argument,
              "--register takes s3://BUCKET/PREFIX or etcd://HOST,HOST/PREFIX");
}

Result<std::shared_ptr<SharedArchives>> open_archives(const Program& program,
                                                      const std::string& url,
                                                      bool allow_plain_http) {
  if (S3Location::is_meant_by(url)) {
    DIALOG_ASSIGN(S3Config config, bucket_config(program, url, allow_plain_http));
    return S3Archives::create(std::move(config), make_http_transport(), parallel_requests());
  }
  return fail(ErrorCode::invalid_argument,
              "--archive takes s3://BUCKET/PREFIX, not \"" + url + "\"");
}

}  // namespace

Result<S3Config> bucket_config(const Program& program, const std::string& url,
                               bool allow_plain_http) {
  std::string region = variable(program, "AWS_REGION");
  if (region.empty()) region = variable(program, "AWS_DEFAULT_REGION");
  if (region.empty()) region = "us-east-1";
  DIALOG_ASSIGN(S3Location location, S3Location::parse(url, region));
  DIALOG_ASSIGN(AwsCredentials credentials, find_credentials(program));
  S3Config config{std::move(location), std::move(credentials), std::chrono::seconds(30), {}, false};
  config.allow_plain_http = allow_plain_http;
  return config;
}

Result<EtcdAccess> etcd_access(const Program& program, const std::string& url,
                               const std::optional<std::string>& user, bool allow_plain_http) {
  DIALOG_ASSIGN(EtcdAddress address, EtcdAddress::parse(url));
  const EtcdAddress::TlsFiles& files = address.tls_files();
  for (const auto& file : {files.ca, files.certificate, files.key}) {
    // The address is remembered, and later runs begin in other folders.
    if (file && !file->starts_with('/')) {
      return fail(ErrorCode::invalid_argument,
                  "the files of " + address.text() + " must be named from / on");
    }
  }
  EtcdOptions options;
  options.plain_http_credentials = allow_plain_http;
  const std::string who = user ? *user : variable(program, "ETCDCTL_USER");
  const std::size_t colon = who.find(':');
  if (user && colon == std::string::npos) {
    return fail(ErrorCode::invalid_argument, "a user of etcd is given as NAME:PASSWORD");
  }
  if (!who.empty()) {
    options.credentials = EtcdCredentials{
        who.substr(0, colon),
        colon == std::string::npos ? variable(program, "ETCDCTL_PASSWORD") : who.substr(colon + 1)};
  }
  CurlClientOptions client;
  client.ca_file = files.ca;
  client.certificate_file = files.certificate;
  client.key_file = files.key;
  return EtcdAccess{std::move(address), std::move(options), std::move(client)};
}

Result<std::unique_ptr<ServerStore>> open_server_store(const Program& program,
                                                       const ServerPlaces& places) {
  const bool needs_folder = places.heads.empty() || places.archive.empty();
  if (needs_folder && places.data.empty()) {
    return fail(
        ErrorCode::invalid_argument,
        "where to keep everything? Name a folder with --data DIR, or both --register URL and "
        "--archive URL");
  }
  std::shared_ptr<ServerStore> local;
  if (needs_folder) {
    const std::string folder = program.resolve(places.data);
    DIALOG_TRY(make_folders(folder));
    DIALOG_ASSIGN(auto opened, LogServerStore::open(folder, store_options(StoreOpen::ensure)));
    if (places.heads.empty() && places.archive.empty()) return opened;
    local = std::move(opened);
  }
  Parts parts;
  if (local) {
    parts.heads = heads_of(local);
    parts.archives = archives_of(local);
    parts.revocations = revocations_of(local);
    parts.check_writable = [local] { return local->check_writable(); };
  }
  if (!places.heads.empty()) {
    DIALOG_TRY(open_heads(program, places.heads, places.allow_plain_http, parts));
  }
  if (!places.archive.empty()) {
    DIALOG_ASSIGN(parts.archives, open_archives(program, places.archive, places.allow_plain_http));
  }
  return std::make_unique<ComposedServerStore>(std::move(parts));
}

}  // namespace dialog::cli
