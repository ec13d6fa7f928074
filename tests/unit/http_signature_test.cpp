#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "dialog/http/message_signature.hpp"
#include "dialog/http/request_signature.hpp"
#include "dialog/http/url.hpp"

namespace dialog::wire {
namespace {

using std::chrono::seconds;

const SecretKey& test_key() {
  // RFC 9421, B.1.4: test-key-ed25519.
  static const SecretKey kKey =
      *SecretKey::from_seed(*from_base64("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU="));
  return kKey;
}

structured::InnerList list_of(std::string_view field) {
  const auto parsed = structured::parse_dictionary(field);
  EXPECT_TRUE(parsed.has_value()) << field;
  return std::get<structured::InnerList>(parsed->entries.front().second);
}

// The request of RFC 9421, B.2.
HttpHeaders rfc_headers() {
  HttpHeaders headers;
  headers.add("Host", "example.com");
  headers.add("Date", "Tue, 20 Apr 2021 02:07:55 GMT");
  headers.add("Content-Type", "application/json");
  headers.add(
      "Content-Digest",
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwE"
      "mTHWXvJwew==:");
  headers.add("Content-Length", "18");
  return headers;
}
constexpr SignedTarget kRfcTarget{"POST", "example.com", "/foo", "?param=Value&Pet=dog"};

TEST(MessageSignature, MakesTheBaseAndTheSignatureOfRfc9421B26) {
  const auto covered =
      list_of(R"(sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length"))"
              R"(;created=1618884473;keyid="test-key-ed25519")");
  const auto base = signature_base(covered, kRfcTarget, rfc_headers());
  ASSERT_TRUE(base.has_value()) << base.error().message;
  EXPECT_EQ(*base, R"("date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519")");
  EXPECT_EQ(
      to_base64(test_key().sign(*base).bytes()),
      "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
}

TEST(MessageSignature, MakesTheBaseOfRfc9421B25) {
  const auto covered = list_of(
      R"(sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret")");
  EXPECT_EQ(signature_base(covered, kRfcTarget, rfc_headers()).value_or("refused"),
            R"("date": Tue, 20 Apr 2021 02:07:55 GMT
"@authority": example.com
"content-type": application/json
"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret")");
}

TEST(MessageSignature, ReadsAndPrintsAllInputsOfRfc9421B2) {
  for (
      const std::string_view field :
      {R"(sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd")",
       R"(sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example")",
       R"(sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss")",
       R"(sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256")",
       R"(sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret")",
       R"(sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519")"}) {
    const auto parsed = structured::parse_dictionary(field);
    ASSERT_TRUE(parsed.has_value()) << field;
    EXPECT_EQ(structured::print(*parsed), field);
  }
}

TEST(MessageSignature, RefusesComponentsThatItDoesNotKnow) {
  for (const std::string_view field :
       {R"(s=("@query-param";name="Pet"))", R"(s=("@status"))", R"(s=("@target-uri"))",
        R"(s=("date";bs))", R"(s=("Date"))", R"(s=(""))"}) {
    const auto base = signature_base(list_of(field), kRfcTarget, rfc_headers());
    ASSERT_FALSE(base.has_value()) << field;
    EXPECT_EQ(base.error().code, ErrorCode::unsupported) << field;
  }
  for (const std::string_view field : {R"(s=("missing"))", R"(s=("date" "date"))", R"(s=(date))"}) {
    const auto base = signature_base(list_of(field), kRfcTarget, rfc_headers());
    ASSERT_FALSE(base.has_value()) << field;
    EXPECT_EQ(base.error().code, ErrorCode::malformed) << field;
  }
}

TEST(MessageSignature, JoinsTheLinesOfAField) {
  HttpHeaders headers;
  headers.add("X-List", " a ");
  headers.add("x-list", "b\t");
  EXPECT_EQ(joined_field(headers, "X-LIST"), "a, b");
  EXPECT_EQ(signature_base(list_of(R"(s=("x-list"))"), kRfcTarget, headers).value_or(""),
            "\"x-list\": a, b\n\"@signature-params\": (\"x-list\")");
}

TEST(MessageSignature, RefusesAFieldThatIsSeveralLines) {
  HttpHeaders headers;
  headers.add("date", "x\n\"@method\": PUT");
  EXPECT_FALSE(signature_base(list_of(R"(s=("date"))"), kRfcTarget, headers).has_value());
}

TEST(ContentDigest, EqualsTheVectorsOfRfc9530AndRfc9421) {
  EXPECT_EQ(print_content_digest("{\"hello\": \"world\"}\n"),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
  EXPECT_EQ(print_content_digest("{\"hello\": \"world\"}"),
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
  EXPECT_EQ(print_content_digest(""), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
}

TEST(ContentDigest, HoldsForItsBodyOnly) {
  const std::string digest = print_content_digest("body");
  EXPECT_TRUE(check_content_digest(digest, "body").has_value());
  EXPECT_TRUE(check_content_digest("sha-512=:AAAA:, " + digest, "body").has_value());
  EXPECT_EQ(check_content_digest(digest, "bodY").error().code, ErrorCode::corrupt);
  EXPECT_EQ(check_content_digest("sha-256=:AAAA:", "body").error().code, ErrorCode::corrupt);
  for (const char* field : {"", "sha-512=:AAAA:", "sha-256=abc", "sha-256=(1)", "sha-256", "x"})
    EXPECT_EQ(check_content_digest(field, "body").error().code, ErrorCode::malformed) << field;
}

class RequestSignature : public testing::Test {
 protected:
  HttpRequest signed_request() {
    HttpRequest request{"PUT", "https://Example.org:443/api/did:web:a?after=1", {}, "body"};
    request.headers.add("If-Match", "00");
    request.headers.add("Content-Type", "application/json");
    EXPECT_TRUE(
        sign_request(request, test_key(), {seconds(1000), seconds(1060), nonce_}).has_value());
    return request;
  }
  static Result<void> judge(const HttpRequest& request,
                            SignedTarget target = {"PUT", "example.org", "/api/did:web:a",
                                                   "?after=1"}) {
    DIALOG_ASSIGN(const auto claim, read_signature(request.headers));
    if (!claim) return fail(ErrorCode::not_found, "no signature");
    return verify_signature(*claim, target, request.headers);
  }
  // What a signature with other parameters, made by the right key, comes to.
  static Result<void> judge_input(const std::string& input) {
    HttpRequest request;
    const auto covered = list_of(input);
    const auto base = signature_base(covered, {"GET", "h", "/", "?"}, request.headers);
    EXPECT_TRUE(base.has_value()) << base.error().message;
    request.headers.add("Signature-Input", input);
    request.headers.add("Signature", "s=:" + to_base64(test_key().sign(*base).bytes()) + ":");
    return judge(request, {"GET", "h", "/", "?"});
  }
  static std::string input(const std::string& parameters) {
    return R"(s=("@method" "@authority" "@path" "@query"))" + parameters;
  }
  static std::string parameters(const std::string& created, const std::string& expires,
                                const std::string& rest) {
    return ";created=" + created + ";expires=" + expires + rest;
  }

  const std::string nonce_ = "0123456789abcdef";
  const std::string did_ = Did::of(test_key().public_key()).text();
  const std::string rest_ =
      R"(;nonce="0123456789abcdef";keyid=")" + did_ + R"(";alg="ed25519";tag="dialog-remote")";
};

TEST_F(RequestSignature, CoversWhatDecides) {
  const HttpRequest request = signed_request();
  EXPECT_EQ(*request.headers.find("Signature-Input"),
            R"(dialog=("@method" "@authority" "@path" "@query" "content-type" "content-digest" )"
            R"("if-match");created=1000;expires=1060;nonce="0123456789abcdef";keyid=")" +
                did_ + R"(";alg="ed25519";tag="dialog-remote")");
  EXPECT_EQ(*request.headers.find("Content-Digest"), print_content_digest("body"));
  const auto judged = judge(request);
  EXPECT_TRUE(judged.has_value()) << judged.error().message;
}

TEST_F(RequestSignature, SaysWhoSignedAndWhen) {
  const auto claim = read_signature(signed_request().headers);
  ASSERT_TRUE(claim.has_value() && claim->has_value());
  EXPECT_EQ((*claim)->signer.text(), did_);
  EXPECT_EQ((*claim)->created, seconds(1000));
  EXPECT_EQ((*claim)->expires, seconds(1060));
  EXPECT_EQ((*claim)->nonce, nonce_);
}

TEST_F(RequestSignature, HoldsForNoOtherTarget) {
  const HttpRequest request = signed_request();
  for (const SignedTarget& other :
       {SignedTarget{"GET", "example.org", "/api/did:web:a", "?after=1"},
        SignedTarget{"PUT", "example.com", "/api/did:web:a", "?after=1"},
        SignedTarget{"PUT", "example.org", "/api/did:web:b", "?after=1"},
        SignedTarget{"PUT", "example.org", "/api/did:web:a", "?after=2"},
        SignedTarget{"PUT", "example.org", "/api/did:web:a", "?"}}) {
    EXPECT_EQ(judge(request, other).error().code, ErrorCode::unauthorized);
  }
}

TEST_F(RequestSignature, HoldsForNoOtherFields) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"If-Match", "01"},
                                                        {"Content-Type", "text/plain"},
                                                        {"Content-Digest", "sha-256=:AA==:"}}) {
    HttpRequest request = signed_request();
    request.headers.set(name, value);
    EXPECT_EQ(judge(request).error().code, ErrorCode::unauthorized) << name;
  }
}

TEST_F(RequestSignature, RefusesAFieldThatWasAdded) {
  for (const char* name : {"If-None-Match", "If-Match", "Last-Event-ID", "Dialog-Capability",
                           "Content-Type", "Content-Digest"}) {
    HttpRequest request = signed_request();
    request.headers.add(name, "*");
    EXPECT_EQ(judge(request).error().code, ErrorCode::malformed) << name;
  }
}

TEST_F(RequestSignature, RefusesAFieldThatWasTakenAway) {
  HttpRequest request = signed_request();
  HttpHeaders fewer;
  for (const auto& [name, value] : request.headers.fields()) {
    if (name != "If-Match") fewer.add(name, value);
  }
  request.headers = fewer;
  EXPECT_EQ(judge(request).error().code, ErrorCode::malformed);
}

TEST_F(RequestSignature, TakesTheParametersInAnyOrder) {
  const auto judged = judge_input(input(rest_ + ";expires=1060;created=1000"));
  EXPECT_TRUE(judged.has_value()) << judged.error().message;
}

TEST_F(RequestSignature, RefusesOneThatCoversTooLittle) {
  for (const std::string covered :
       {R"("@authority" "@path" "@query")", R"("@method" "@path" "@query")",
        R"("@method" "@authority" "@query")", R"("@method" "@authority" "@path")", ""}) {
    const auto judged = judge_input("s=(" + covered + ")" + parameters("1000", "1060", rest_));
    ASSERT_FALSE(judged.has_value()) << covered;
    EXPECT_EQ(judged.error().code, ErrorCode::malformed) << covered;
  }
}

TEST_F(RequestSignature, RefusesMissingAndWrongParameters) {
  const auto with = [&](std::string nonce, std::string key, std::string algorithm) {
    return R"(;nonce=")" + nonce + R"(";keyid=")" + key + R"(";alg=")" + algorithm +
           R"(";tag="dialog-remote")";
  };
  EXPECT_TRUE(judge_input(input(parameters("1000", "1300", with(nonce_, did_, "ed25519")))));
  for (const std::string& bad :
       {parameters("1000", "1301", rest_), parameters("1000", "1000", rest_),
        parameters("1000", "999", rest_), parameters("-1", "1", rest_),
        parameters("\"1000\"", "1060", rest_), ";created=1000" + rest_, ";expires=1060" + rest_,
        parameters("1000", "1060", with("short", did_, "ed25519")),
        parameters("1000", "1060", with(std::string(129, 'n'), did_, "ed25519")),
        parameters("1000", "1060", with(nonce_, did_, "hmac-sha256")),
        parameters("1000", "1060", with(nonce_, did_.substr(8), "ed25519")),
        parameters("1000", "1060", with(nonce_, "did:web:example.org", "ed25519")),
        parameters("1000", "1060", with(nonce_, "did:key:z11" + did_.substr(9), "ed25519")),
        parameters("1000", "1060", R"(;nonce="0123456789abcdef";tag="dialog-remote")")}) {
    const auto judged = judge_input(input(bad));
    ASSERT_FALSE(judged.has_value()) << bad;
    EXPECT_EQ(judged.error().code, ErrorCode::malformed) << bad;
  }
}

TEST_F(RequestSignature, PassesOverSignaturesOfOthers) {
  HttpRequest request = signed_request();
  const std::string other =
      *request.headers.find("Signature-Input") + R"(, proxy=("date");created=1)";
  request.headers.set("Signature-Input", other);
  EXPECT_TRUE(judge(request).has_value());
  HttpRequest foreign;
  foreign.headers.add("Signature-Input", R"(proxy=("date");created=1;tag="other")");
  EXPECT_EQ(judge(foreign).error().code, ErrorCode::not_found);
}

TEST_F(RequestSignature, RefusesTwoOfOurs) {
  HttpRequest request = signed_request();
  const std::string once = *request.headers.find("Signature-Input");
  request.headers.set("Signature-Input", once + ", b" + once.substr(6));
  EXPECT_EQ(judge(request).error().code, ErrorCode::malformed);
}

TEST_F(RequestSignature, RefusesASignatureThatIsMissingOrNone) {
  for (const std::string value : {"", "dialog=:AAAA:", "other=:AAAA:", "dialog=1", "dialog=("}) {
    HttpRequest request = signed_request();
    request.headers.set("Signature", value);
    EXPECT_EQ(judge(request).error().code, ErrorCode::malformed) << value;
  }
}

TEST_F(RequestSignature, BoundsItsFields) {
  HttpRequest request = signed_request();
  request.headers.set("Signature", std::string(kSignatureFieldBytesMax + 1, ' '));
  // Blanks at the ends are no part of a value.
  EXPECT_EQ(judge(request).error().code, ErrorCode::malformed);
  request.headers.set("Signature", std::string(kSignatureFieldBytesMax + 1, 'a'));
  EXPECT_EQ(judge(request).error().code, ErrorCode::too_large);
}

TEST_F(RequestSignature, IsReplacedWhereItIsMadeAgain) {
  HttpRequest request = signed_request();
  ASSERT_TRUE(
      sign_request(request, test_key(), {seconds(2000), seconds(2060), "another nonce 16"}));
  EXPECT_EQ(request.headers.count("Signature"), 1U);
  EXPECT_EQ(request.headers.count("Signature-Input"), 1U);
  EXPECT_EQ(request.headers.count("Content-Digest"), 1U);
  EXPECT_TRUE(judge(request).has_value());
}

TEST(SignatureChallengeField, IsFoundAmongOthers) {
  const SignatureChallenge challenge{"Zq3-_x.", seconds(1'700'000'000)};
  HttpHeaders headers;
  headers.add("WWW-Authenticate", "Bearer realm=\"dialog\"");
  EXPECT_FALSE(find_challenge(headers).has_value());
  headers.add("www-authenticate", print_challenge(challenge));
  const auto found = find_challenge(headers);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->nonce_prefix, challenge.nonce_prefix);
  EXPECT_EQ(found->time, challenge.time);
  HttpHeaders joined;
  joined.add("WWW-Authenticate", "Bearer realm=\"dialog\", " + print_challenge(challenge));
  EXPECT_TRUE(find_challenge(joined).has_value());
}

TEST(SignatureChallengeField, IsPassedOverWhereItIsHostile) {
  for (const std::string value :
       {R"(Signature realm="dialog")", R"(Signature nonce-prefix="a b", time="1")",
        R"(Signature nonce-prefix="a", time="x")",
        R"(Signature nonce-prefix="a", time="99999999999999")", R"(Signature nonce-prefix="a)"}) {
    HttpHeaders headers;
    headers.add("WWW-Authenticate", value);
    EXPECT_FALSE(find_challenge(headers).has_value()) << value;
  }
  HttpHeaders headers;
  headers.add("WWW-Authenticate",
              print_challenge({std::string(kChallengeBytesMax + 1, 'a'), seconds(1)}));
  EXPECT_FALSE(find_challenge(headers).has_value());
}

TEST(EndpointAuthority, LeavesTheSchemesOwnPortOut) {
  EXPECT_EQ(Endpoint::parse("https://Example.org:443/a/")->authority(), "example.org");
  EXPECT_EQ(Endpoint::parse("http://example.org:443")->authority(), "example.org:443");
  EXPECT_EQ(Endpoint::parse("http://[::1]:80")->authority(), "[::1]");
  EXPECT_EQ(Endpoint::parse("http://[::1]:8440/a/b/")->authority(), "[::1]:8440");
  EXPECT_EQ(Endpoint::parse("http://[::1]:8440/a/b/")->path(), "/a/b");
  EXPECT_EQ(Endpoint::parse("http://h")->path(), "");
}

TEST(SplitTarget, GivesPathAndQuery) {
  EXPECT_EQ(split_target("").path, "/");
  EXPECT_EQ(split_target("").query, "?");
  EXPECT_EQ(split_target("/a?b?c").path, "/a");
  EXPECT_EQ(split_target("/a?b?c").query, "?b?c");
  EXPECT_EQ(split_target("?x").path, "/");
  EXPECT_EQ(split_target("/a?").query, "?");
}

}  // namespace
}  // namespace dialog::wire
