// A structured field that is read prints to one that is read as the same; fields of signatures
// never break anything.
#include <algorithm>

#include "dialog/http/request_signature.hpp"
#include "dialog/http/revocation_messages.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

namespace {

void judge_dictionary(ByteView field) {
  const auto parsed = structured::parse_dictionary(field);
  if (!parsed) return;
  const std::string printed = structured::print(*parsed);
  const auto again = structured::parse_dictionary(printed);
  fuzz::require(again && *again == *parsed, "a structured field survives printing");
  fuzz::require(structured::print(*again) == printed, "there is one canonical form");
}

void judge_request(ByteView input, ByteView signature) {
  HttpHeaders headers;
  headers.add("Signature-Input", std::string(input));
  headers.add("Signature", std::string(signature));
  headers.add("Content-Type", "text/plain");
  const auto claim = wire::read_signature(headers);
  if (!claim || !*claim) return;
  fuzz::require(Did::of((*claim)->key) == (*claim)->signer, "the signer is its key");
  fuzz::require((*claim)->expires > (*claim)->created &&
                    (*claim)->expires - (*claim)->created <= wire::kSignatureLifeMax,
                "the life of a signature is bounded");
  const wire::SignedTarget target{"GET", "example.org", "/", "?"};
  const bool covered = wire::check_coverage(**claim, target, headers).has_value();
  fuzz::require(covered || !wire::verify_signature(**claim, target, headers),
                "what covers too little never verifies");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView text = fuzz::view_of(data, size);
  judge_dictionary(text);
  // The first line is one field, the rest another.
  const std::size_t end = std::min(text.find('\n'), text.size());
  const ByteView first = text.substr(0, end);
  const ByteView rest = text.substr(std::min(end + 1, text.size()));
  judge_request(first, rest);
  static_cast<void>(wire::check_content_digest(first, rest));
  HttpHeaders headers;
  headers.add("WWW-Authenticate", std::string(text));
  if (const auto challenge = wire::find_challenge(headers)) {
    fuzz::require(challenge->nonce_prefix.size() <= wire::kChallengeBytesMax,
                  "a challenge is bounded");
  }
  static_cast<void>(wire::parse_revoke(text));
  static_cast<void>(wire::parse_revocation_list(text));
  return 0;
}
