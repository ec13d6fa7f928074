#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "dialog/http/counting_client.hpp"
#include "dialog/http/http_archive.hpp"
#include "dialog/http/rest_backend.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/synchronize.hpp"
#include "program.hpp"

namespace dialog::cli {

/// Where a remote's token comes from. The token itself is never stored.
struct TokenSource {
  std::string file;
  std::string variable;
};

/// Whether requests are signed, and how. Paths alone are stored, never a key.
struct SignatureSource {
  bool on = false;
  std::string key_file;         ///< empty: the repository's own key
  std::string capability_file;  ///< empty: the signer is the subject
};

/// How a command talks to remotes.
struct LinkOptions {
  TokenSource token;
  SignatureSource signature;
  bool allow_plain_http = false;
};

/// Adds the options of tokens and signatures to a verb.
void add_link_options(CLI::App* verb, LinkOptions& options);

/// Makes the paths absolute, and warns of secrets that others can read. `invalid_argument`.
Result<void> settle(Program& program, LinkOptions& options);

/// The key of a file, or, where `path` is empty, of the repository that the command works on. Warns
/// where others can read it. `not_found` says how to get one.
Result<SecretKey> signing_key(Program& program, const std::string& path);

/// The options as they are kept in a remote's record, and back.
std::map<std::string, std::string> to_record(const LinkOptions& options);
LinkOptions from_record(const std::map<std::string, std::string>& record);

/// An address as a person writes it: the endpoint, which may have the DID as its last segment.
struct RemoteAddress {
  std::string url;
  std::optional<std::string> subject;
};
/// `invalid_argument`.
Result<RemoteAddress> parse_address(const std::string& text);

/// An open way to a remote that counts what passes. Does no I/O before it is used.
class Link final {
 public:
  static Result<std::unique_ptr<Link>> open(const Program& program, const Remote& remote);

  /// Valid as long as the link.
  [[nodiscard]] RemoteConnection connection();
  [[nodiscard]] Archive& blocks() { return *blocks_; }
  RevisionBackend& backend() { return backend_; }
  [[nodiscard]] const RestBackendConfig& config() const { return config_; }
  [[nodiscard]] HttpTransport transport() const;
  [[nodiscard]] const Subject& subject() const { return subject_; }
  [[nodiscard]] TransferStats transfer() const { return client_->stats(); }
  /// What the remote says of itself; absent where it does not.
  Result<std::optional<wire::Capabilities>> capabilities(const Context& context);

 private:
  Link(std::string name, Subject subject, RestBackendConfig config,
       std::shared_ptr<CountingHttpClient> client, RestBackend backend,
       std::unique_ptr<HttpArchive> blocks);
  std::string name_;
  Subject subject_;
  RestBackendConfig config_;
  std::shared_ptr<CountingHttpClient> client_;
  RestBackend backend_;
  std::unique_ptr<HttpArchive> blocks_;
};

}  // namespace dialog::cli
