#include "dialog/server/tokens.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>
#include <unordered_set>

#include "dialog/http/json.hpp"
#include "times.hpp"

namespace dialog::server {
namespace {

constexpr std::string_view kHashPrefix = "blake3:";
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kSecretBytesMax = 512;

bool is_good_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

tl::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::malformed, std::move(message));
}

Result<void> read_subjects(const json::Value& value, Token& token) {
  if (value.is_string() && value.get_ref<const std::string&>() == "all") return {};
  if (!value.is_array()) return bad("\"subjects\" must be \"all\" or an array of DIDs");
  token.subjects.emplace();
  for (const json::Value& did : value) {
    if (!did.is_string()) return bad("\"subjects\" must hold DIDs as text");
    const auto& text = did.get_ref<const std::string&>();
    if (const auto subject = Subject::parse(text); !subject) return bad(subject.error().message);
    token.subjects->push_back(text);
  }
  return {};
}

Result<void> read_member(const std::string& key, const json::Value& value, Token& token) {
  if (key == "subjects") return read_subjects(value, token);
  if (!value.is_string()) return bad("\"" + key + "\" is not known, or must be text");
  const auto& text = value.get_ref<const std::string&>();
  if (key == "name") {
    if (!is_good_name(text)) return bad("\"name\" must be 1 to 128 printable ASCII characters");
    token.name = text;
  } else if (key == "hash") {
    const auto hash = text.starts_with(kHashPrefix)
                          ? Hash::from_hex(std::string_view(text).substr(kHashPrefix.size()))
                          : std::nullopt;
    if (!hash) return bad("\"hash\" must be blake3: and 64 hex digits");
    token.hash = *hash;
  } else if (key == "access") {
    const auto access = parse_access(text);
    if (!access) return bad("\"access\" must be read, write or admin");
    token.access = *access;
  } else if (key == "expires") {
    token.expires = parse_utc_time(text);
    if (!token.expires) return bad("\"expires\" must look like 2027-01-31T00:00:00Z");
  } else {
    return bad("\"" + key + "\" is not known");
  }
  return {};
}

Result<Token> read_line(std::string_view line) {
  const json::Value object = json::parse(line);
  if (!object.is_object()) return bad("is no JSON object whose members occur once");
  for (const char* key : {"name", "hash", "subjects", "access"}) {
    if (!object.contains(key)) return bad("\"" + std::string(key) + "\" is missing");
  }
  Token token;
  for (const auto& [key, value] : object.items()) DIALOG_TRY(read_member(key, value, token));
  return token;
}

}  // namespace

std::string_view to_string(Access access) {
  switch (access) {
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::admin:
      return "admin";
  }
  return "read";
}

std::optional<Access> parse_access(std::string_view text) {
  for (const Access access : {Access::read, Access::write, Access::admin}) {
    if (text == to_string(access)) return access;
  }
  return {};
}

bool Token::covers(const Subject& subject) const {
  return !subjects ||
         std::find(subjects->begin(), subjects->end(), subject.did()) != subjects->end();
}

Result<TokenSet> TokenSet::parse(std::string_view text) {
  TokenSet set;
  std::unordered_set<std::string> names;
  std::unordered_set<Hash> hashes;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos || line[start] == '#') continue;
    auto token = read_line(line);
    if (token && !names.insert(token->name).second) token = bad("the name was given before");
    if (token && !hashes.insert(token->hash).second) token = bad("the hash was given before");
    if (!token) return fail(token.error().within("token file, line " + std::to_string(number)));
    set.tokens_.push_back(*std::move(token));
  }
  return set;
}

const Token* TokenSet::find(std::string_view secret, WallTime now) const {
  if (secret.empty() || secret.size() > kSecretBytesMax) return nullptr;
  return find(Hash::of(secret), now);
}

const Token* TokenSet::find(const Hash& hash, WallTime now) const {
  const Token* found = nullptr;
  for (const Token& token : tokens_) {
    if (sodium_memcmp(hash.bytes().data(), token.hash.bytes().data(), Hash::kSize) == 0)
      found = &token;
  }
  return found != nullptr && found->expires && now >= *found->expires ? nullptr : found;
}

std::string token_line(const Token& token) {
  json::Value object;
  object["name"] = token.name;
  object["hash"] = std::string(kHashPrefix) + token.hash.hex();
  if (token.subjects) {
    object["subjects"] = *token.subjects;
  } else {
    object["subjects"] = "all";
  }
  object["access"] = to_string(token.access);
  if (token.expires) object["expires"] = utc_time(*token.expires);
  return object.dump(-1, ' ', true, json::Value::error_handler_t::replace);
}

Result<NewToken> make_token(Token token, RandomSource& random) {
  if (!is_good_name(token.name)) {
    return fail(ErrorCode::invalid_argument,
                "the name of a token must be 1 to 128 printable ASCII characters");
  }
  if (token.subjects) {
    for (const std::string& did : *token.subjects) DIALOG_TRY(Subject::parse(did));
  }
  std::array<std::uint8_t, 32> secret{};
  random.fill(secret);
  NewToken made;
  // The prefix lets people and scanners recognise a token that lies where it should not.
  made.secret = "dialog_" + to_hex({reinterpret_cast<const char*>(secret.data()), secret.size()});
  token.hash = Hash::of(made.secret);
  made.line = token_line(token);
  return made;
}

}  // namespace dialog::server
