#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/random.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog::server {

/// What a token allows; each allows what the ones before it do.
enum class Access { read, write, admin };

/// "read", "write" or "admin".
std::string_view to_string(Access access);
std::optional<Access> parse_access(std::string_view text);

/// One credential, without its secret.
struct Token {
  std::string name{};  ///< goes on record as the author of a swap, and into the log
  Hash hash{};         ///< BLAKE3 of the secret's text
  std::optional<std::vector<std::string>> subjects{};  ///< DIDs, as written; absent: all
  Access access = Access::read;
  std::optional<WallTime> expires{};  ///< not valid from this moment on; absent: never ends

  [[nodiscard]] bool covers(const Subject& subject) const;
};

/// The tokens that a server accepts. A value; safe to read from several threads.
///
/// As text it is one JSON object a line; empty lines and lines that start with `#` are skipped:
/// `{"name":"laptop","hash":"blake3:<64 hex>","subjects":["did:key:z6Mk…"],"access":"write",
/// "expires":"2027-01-31T00:00:00Z"}`. `subjects` may be `"all"`; `expires` may be left out.
class TokenSet {
 public:
  /// `malformed` names the first line that is not right. A member that is not known is refused,
  /// too: a misspelt `expires` must not make a token that lasts for ever. So are repeated names and
  /// hashes.
  static Result<TokenSet> parse(std::string_view text);

  /// The token of a secret; null where no valid one has it. Takes the same time whichever token
  /// matches. Valid as long as this set.
  [[nodiscard]] const Token* find(std::string_view secret, WallTime now) const;
  /// The same by the secret's hash.
  [[nodiscard]] const Token* find(const Hash& hash, WallTime now) const;

  [[nodiscard]] std::size_t size() const { return tokens_.size(); }
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }

 private:
  std::vector<Token> tokens_;
};

/// A token as its line in a token file, without the line's end.
std::string token_line(const Token& token);

struct NewToken {
  std::string secret;  ///< for the client; nothing on the server's side can give it back
  std::string line;    ///< for the token file
};

/// Makes a secret of 256 random bits. What `token.hash` holds is replaced. `invalid_argument` where
/// the name is empty, longer than 128 bytes or not printable ASCII, or where a subject is no DID.
Result<NewToken> make_token(Token token, RandomSource& random = system_random());

}  // namespace dialog::server
