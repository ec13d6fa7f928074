#pragma once

#include <map>
#include <string>

#include "dialog/http/rest_backend_config.hpp"
#include "dialog/identity/ed25519.hpp"
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
  std::string ca_file;
  bool allow_plain_http = false;
  std::string archive;  ///< with a remote in etcd: the URL of the bucket that holds the blocks
};

/// Adds what says how to talk to a remote to a verb: tokens, signatures, certificates, places.
void add_link_options(Verb verb, LinkOptions& options);

/// Makes the paths absolute, and warns of secrets that others can read. `invalid_argument`.
Result<void> settle(Program& program, LinkOptions& options);

/// The options as they are kept in a remote's record, and back.
std::map<std::string, std::string> to_record(const LinkOptions& options);
LinkOptions from_record(const std::map<std::string, std::string>& record);

/// The token itself; none where no place for one was named. `unauthorized` where it cannot be had.
Result<AuthMethod> authenticate(const Program& program, const TokenSource& token);

/// How to talk to an endpoint. `unauthorized` where the token, key or capability cannot be had.
Result<RestBackendConfig> configure(const Program& program, const std::string& url,
                                    const LinkOptions& options);

/// The key of a file, or, where `path` is empty, of the repository that the command works on. Warns
/// where others can read it. `not_found` says how to get one.
Result<SecretKey> signing_key(Program& program, const std::string& path);

}  // namespace dialog::cli
