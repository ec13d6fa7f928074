#include "dialog/http/request_signature.hpp"

#include <algorithm>
#include <array>

#include "ascii.hpp"
#include "dialog/http/url.hpp"

namespace dialog::wire {
namespace {

using std::chrono::seconds;

constexpr std::string_view kInputField = "Signature-Input";
constexpr std::string_view kSignatureField = "Signature";
constexpr std::string_view kDigestField = "Content-Digest";
constexpr std::string_view kAlgorithm = "ed25519";
constexpr std::string_view kLabel = "dialog";

// Of every request.
constexpr std::array<std::string_view, 4> kCoveredAlways{"@method", "@authority", "@path",
                                                         "@query"};
// Where they are there: everything else that this protocol gives a meaning to.
constexpr std::array<std::string_view, 6> kCoveredFields{"content-type",  "content-digest",
                                                         "if-match",      "if-none-match",
                                                         "last-event-id", "dialog-capability"};

tl::unexpected<Error> bad(std::string what) {
  return fail(ErrorCode::malformed, "the signature " + std::move(what));
}

Result<std::optional<structured::Dictionary>> read_field(const HttpHeaders& headers,
                                                         std::string_view name) {
  const auto field = joined_field(headers, name);
  if (!field) return std::nullopt;
  if (field->size() > kSignatureFieldBytesMax) {
    return fail(ErrorCode::too_large, std::string(name) + " is longer than " +
                                          std::to_string(kSignatureFieldBytesMax) + " bytes");
  }
  auto dictionary = structured::parse_dictionary(*field);
  if (!dictionary) return fail(dictionary.error().within(name));
  return *std::move(dictionary);
}

template <class T>
const T* parameter(const structured::InnerList& covered, std::string_view name) {
  const auto* value = covered.parameters.find(name);
  return value != nullptr ? std::get_if<T>(value) : nullptr;
}

Result<std::string> text_parameter(const structured::InnerList& covered, std::string_view name) {
  const auto* text = parameter<std::string>(covered, name);
  if (text == nullptr) return bad("has no " + std::string(name) + ", or not as text");
  return *text;
}

Result<seconds> time_parameter(const structured::InnerList& covered, std::string_view name) {
  const auto* number = parameter<std::int64_t>(covered, name);
  if (number == nullptr || *number < 0)
    return bad("has no " + std::string(name) + ", or not as a time");
  return seconds(*number);
}

bool is_nonce(std::string_view nonce) {
  return nonce.size() >= kNonceBytesMin && nonce.size() <= kNonceBytesMax;
}

Result<SignatureClaim> read_claim(const structured::InnerList& covered,
                                  const structured::Member* signature) {
  DIALOG_ASSIGN(const std::string algorithm, text_parameter(covered, "alg"));
  if (algorithm != kAlgorithm) return bad("has another algorithm than ed25519");
  DIALOG_ASSIGN(const std::string key_id, text_parameter(covered, "keyid"));
  const auto signer = Did::parse(key_id);
  const auto key = signer ? signer->key() : std::nullopt;
  if (!key) return bad("names a key that is no did:key of Ed25519 in its canonical form");
  DIALOG_ASSIGN(std::string nonce, text_parameter(covered, "nonce"));
  if (!is_nonce(nonce)) return bad("has a nonce of less than 16 or more than 128 characters");
  DIALOG_ASSIGN(const seconds created, time_parameter(covered, "created"));
  DIALOG_ASSIGN(const seconds expires, time_parameter(covered, "expires"));
  if (expires <= created || expires - created > kSignatureLifeMax)
    return bad("expires before it was created, or more than 300 seconds later");
  const auto* item = signature != nullptr ? std::get_if<structured::Item>(signature) : nullptr;
  const auto* octets = item != nullptr ? std::get_if<structured::Octets>(&item->value) : nullptr;
  const auto bytes = octets != nullptr ? Signature::from_bytes(octets->bytes) : std::nullopt;
  if (!bytes) return bad("itself is missing, or no 64 bytes");
  return SignatureClaim{*signer, *key, created, expires, std::move(nonce), covered, *bytes};
}

bool covers(const structured::InnerList& covered, std::string_view name) {
  return std::any_of(covered.items.begin(), covered.items.end(), [&](const auto& item) {
    const auto* text = std::get_if<std::string>(&item.value);
    return text != nullptr && *text == name;
  });
}

Result<std::string> judged_base(const SignatureClaim& claim, const SignedTarget& target,
                                const HttpHeaders& headers) {
  for (const std::string_view name : kCoveredAlways) {
    if (!covers(claim.covered, name)) return bad("does not cover " + std::string(name));
  }
  for (const std::string_view name : kCoveredFields) {
    const std::size_t count = headers.count(name);
    if (count > 1) return fail(ErrorCode::malformed, std::string(name) + " is there twice");
    if (count == 1 && !covers(claim.covered, name))
      return bad("does not cover " + std::string(name));
  }
  return signature_base(claim.covered, target, headers);
}

// Without quotes and backslashes a quoted string needs no escapes.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != ',';
  });
}

std::optional<std::string_view> quoted_after(std::string_view text, std::string_view name) {
  const std::string start = std::string(name) + "=\"";
  const std::size_t at = text.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + start.size());
  const std::size_t end = text.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(0, end);
}

}  // namespace

Result<std::optional<SignatureClaim>> read_signature(const HttpHeaders& headers) {
  DIALOG_ASSIGN(const auto inputs, read_field(headers, kInputField));
  if (!inputs) return std::nullopt;
  const structured::InnerList* ours = nullptr;
  std::string_view label;
  for (const auto& [name, member] : inputs->entries) {
    const auto* covered = std::get_if<structured::InnerList>(&member);
    const auto* tag = covered != nullptr ? parameter<std::string>(*covered, "tag") : nullptr;
    if (tag == nullptr || *tag != kSignatureTag) continue;
    if (ours != nullptr) return bad("is not the only one with the tag dialog-remote");
    ours = covered;
    label = name;
  }
  if (ours == nullptr) return std::nullopt;
  DIALOG_ASSIGN(const auto signatures, read_field(headers, kSignatureField));
  DIALOG_ASSIGN(auto claim, read_claim(*ours, signatures ? signatures->find(label) : nullptr));
  return std::optional<SignatureClaim>(std::move(claim));
}

Result<void> check_coverage(const SignatureClaim& claim, const SignedTarget& target,
                            const HttpHeaders& headers) {
  DIALOG_TRY(judged_base(claim, target, headers));
  return {};
}

Result<void> verify_signature(const SignatureClaim& claim, const SignedTarget& target,
                              const HttpHeaders& headers) {
  DIALOG_ASSIGN(const std::string base, judged_base(claim, target, headers));
  if (claim.key.verify(base, claim.signature)) return {};
  return fail(ErrorCode::unauthorized, "the signature is not that of its key over this request");
}

Result<void> sign_request(HttpRequest& request, const SecretKey& key, const SignatureTerms& terms) {
  const std::size_t scheme = request.target.find("://");
  const std::size_t path =
      scheme == std::string::npos ? scheme : request.target.find_first_of("/?", scheme + 3);
  const std::string root = request.target.substr(0, path);
  DIALOG_ASSIGN(const Endpoint endpoint, Endpoint::parse(root));
  const TargetParts parts =
      split_target(path == std::string::npos ? std::string_view()
                                             : std::string_view(request.target).substr(path));
  if (!request.body.empty() && request.headers.find(kDigestField) == nullptr)
    request.headers.add(std::string(kDigestField), print_content_digest(request.body));

  structured::InnerList covered;
  const auto cover = [&](std::string_view name) {
    covered.items.push_back({std::string(name), {}});
  };
  for (const std::string_view name : kCoveredAlways) cover(name);
  for (const std::string_view name : kCoveredFields) {
    if (request.headers.find(name) != nullptr) cover(name);
  }
  auto& parameters = covered.parameters.entries;
  parameters.emplace_back("created", std::int64_t{terms.created.count()});
  parameters.emplace_back("expires", std::int64_t{terms.expires.count()});
  parameters.emplace_back("nonce", terms.nonce);
  parameters.emplace_back("keyid", Did::of(key.public_key()).text());
  parameters.emplace_back("alg", std::string(kAlgorithm));
  parameters.emplace_back("tag", std::string(kSignatureTag));

  const std::string& authority = endpoint.authority();
  DIALOG_ASSIGN(const std::string base,
                signature_base(covered, {request.method, authority, parts.path, parts.query},
                               request.headers));
  structured::Dictionary input;
  input.entries.emplace_back(std::string(kLabel), covered);
  structured::Dictionary signature;
  signature.entries.emplace_back(
      std::string(kLabel), structured::Item{structured::Octets{Bytes(key.sign(base).bytes())}, {}});
  request.headers.set(kInputField, structured::print(input));
  request.headers.set(kSignatureField, structured::print(signature));
  return {};
}

std::string print_challenge(const SignatureChallenge& challenge) {
  return "Signature realm=\"dialog\", nonce-prefix=\"" + challenge.nonce_prefix + "\", time=\"" +
         std::to_string(challenge.time.count()) + "\"";
}

std::optional<SignatureChallenge> find_challenge(const HttpHeaders& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if (!ascii::equal_ignoring_case(name, "WWW-Authenticate")) continue;
    // An intermediary may have joined several challenges to one field.
    const std::size_t at = value.find("Signature ");
    if (at == std::string::npos) continue;
    const std::string_view rest = std::string_view(value).substr(at);
    const auto prefix = quoted_after(rest, "nonce-prefix");
    const auto time = quoted_after(rest, "time");
    const auto number = ascii::parse_number(time.value_or(""));
    constexpr std::uint64_t kTimeMax = 253'402'300'799;
    if (!prefix || prefix->size() > kChallengeBytesMax || !is_plain(*prefix) || !number ||
        *number > kTimeMax)
      continue;
    return SignatureChallenge{std::string(*prefix), seconds(static_cast<std::int64_t>(*number))};
  }
  return std::nullopt;
}

}  // namespace dialog::wire
