#include <gmock/gmock.h>

#include "protocol_suites.hpp"

namespace dialog::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

TEST_P(SignatureProtocol, the_subjects_key_opens_its_subject) {
  const auto published = send_signed('a', swap_request(kA));
  ASSERT_EQ(published.status, 200) << published.body;
  EXPECT_EQ(send_signed('a', request("HEAD", "/" + kA)).status, 200);
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA + "/log?after=0&limit=3")).status, 200);
  const std::string hash = Hash::of("block").hex();
  EXPECT_EQ(send_signed('a', request("PUT", "/" + kA + "/blocks/" + hash, {}, "block")).status,
            204);
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA + "/blocks/" + hash)).body, "block");
}

TEST_P(SignatureProtocol, the_author_on_record_is_the_signer) {
  ASSERT_EQ(send_signed('a', swap_request(kA)).status, 200);
  EXPECT_EQ(wire::parse_record(send_signed('a', request("GET", "/" + kA)).body)->author, kA);
}

TEST_P(SignatureProtocol, without_one_everything_about_a_subject_is_refused) {
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"HEAD", "/" + kA},
                                                        {"GET", "/" + kA},
                                                        {"PUT", "/" + kA},
                                                        {"GET", "/" + kA + "/log"},
                                                        {"GET", "/" + kA + "/revocations"},
                                                        {"POST", "/" + kA + "/revocations"},
                                                        {"PUT", "/" + kA + "/blocks/" + hex(1)},
                                                        {"POST", "/" + kA + "/blocks/get"}}) {
    const auto response = send(request(method, target));
    EXPECT_EQ(response.status, 401) << method << " " << target;
    EXPECT_TRUE(wire::find_challenge(response.headers).has_value()) << method << " " << target;
  }
}

TEST_P(SignatureProtocol, without_one_the_endpoint_says_that_it_takes_signatures) {
  const auto response = send(request("GET", "/"));
  ASSERT_EQ(response.status, 200);
  EXPECT_TRUE(wire::parse_capabilities(response.body)->signatures);
  EXPECT_EQ(send(request("GET", "/healthz")).status, 200);
  EXPECT_EQ(send(request("OPTIONS", "/" + kA)).status, 204);
}

TEST_P(SignatureProtocol, another_key_opens_nothing) {
  ASSERT_EQ(send_signed('a', swap_request(kA)).status, 200);
  for (const char* method : {"HEAD", "GET"})
    EXPECT_EQ(send_signed('b', request(method, "/" + kA)).status, 403) << method;
  EXPECT_EQ(send_signed('b', swap_request(kA, 2, hex(1))).status, 403);
  EXPECT_EQ(send_signed('b', request("GET", "/did:web:example.org")).status, 403);
}

TEST_P(SignatureProtocol, a_refusal_does_not_tell_whether_there_is_a_record) {
  const auto before = send_signed('b', request("GET", "/" + kA));
  ASSERT_EQ(send_signed('a', swap_request(kA)).status, 200);
  const auto after = send_signed('b', request("GET", "/" + kA));
  EXPECT_EQ(before.status, after.status);
  EXPECT_EQ(before.body, after.body);
}

TEST_P(SignatureProtocol, what_it_covers_cannot_be_changed) {
  ASSERT_EQ(send_signed('a', swap_request(kA)).status, 200);
  const HttpRequest good = signed_by('a', swap_request(kA, 2, hex(1)));
  const auto refused = [&](HttpRequest changed, std::string_view what) {
    EXPECT_EQ(send(changed).status, 401) << what;
  };
  HttpRequest changed = good;
  changed.target += "?x=1";
  refused(changed, "query");
  changed = good;
  changed.target = "/did%3A" + kA.substr(4);
  refused(changed, "path");
  changed = good;
  changed.headers.set("If-Match", kZero);
  refused(changed, "precondition");
  changed = good;
  changed.headers.set("Content-Type", "application/json; charset=utf-8");
  refused(changed, "content type");
  changed = good;
  changed.body = swap_body(kA, hex(3));
  refused(changed, "body");
  changed.headers.set("Content-Digest", wire::print_content_digest(changed.body));
  refused(changed, "body and digest");
  changed = signed_by('a', request("GET", "/" + kA));
  changed.method = "HEAD";
  refused(changed, "method");
  EXPECT_EQ(send(good).status, 200) << "nothing of that used it up";
}

TEST_P(SignatureProtocol, a_precondition_cannot_be_exchanged_for_another) {
  HttpRequest changed = signed_by('a', swap_request(kA));
  HttpHeaders fields;
  for (const auto& [name, value] : changed.headers.fields())
    fields.add(name == "If-Match" ? "If-None-Match" : name, name == "If-Match" ? "*" : value);
  changed.headers = fields;
  EXPECT_EQ(send(changed).status, 401);
}

TEST_P(SignatureProtocol, it_is_for_one_server_only) {
  for (const char* url : {"https://other.example.org", "https://db.example.org:8443",
                          "https://db.example.org/prefix", "http://localhost"}) {
    const auto response = send(signed_by('a', swap_request(kA), terms(), url));
    EXPECT_EQ(response.status, 401) << url;
  }
}

TEST_P(SignatureProtocol, the_name_in_host_does_not_matter_where_the_public_url_is_known) {
  HttpRequest behind_proxy = signed_by('a', swap_request(kA));
  behind_proxy.headers.set("Host", "10.0.0.1:8440");
  EXPECT_EQ(send(behind_proxy).status, 200);
}

TEST_P(SignatureProtocol, a_body_needs_its_digest) {
  HttpRequest bare =
      request("PUT", "/" + kA, {{"If-Match", kZero}, {"Content-Type", "application/json"}});
  HttpRequest sent = signed_by('a', bare);
  sent.body = swap_body(kA, hex(1));
  EXPECT_EQ(send(sent).status, 401);
  bare.headers.add("Content-Digest", "sha-512=:AAAA:");
  sent = signed_by('a', bare);
  sent.body = swap_body(kA, hex(1));
  EXPECT_EQ(send(sent).status, 401);
}

TEST_P(SignatureProtocol, it_ends_when_it_expires) {
  const HttpRequest early = signed_by('a', swap_request(kA));
  clock_.sleep(seconds(60));
  const auto response = send(early);
  EXPECT_EQ(response.status, 401);
  EXPECT_THAT(message(response), HasSubstr("expired"));
}

TEST_P(SignatureProtocol, it_may_be_a_minute_ahead_and_no_more) {
  wire::SignatureTerms ahead = terms();
  ahead.created += wire::kSignatureSkewMax;
  ahead.expires += wire::kSignatureSkewMax;
  EXPECT_EQ(send(signed_by('a', request("GET", "/" + kA), ahead)).status, 404);
  ahead.created += seconds(1);
  ahead.expires += seconds(1);
  ahead.nonce = nonce();
  const auto response = send(signed_by('a', request("GET", "/" + kA), ahead));
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(wire::find_challenge(response.headers)->time, now());
}

TEST_P(SignatureProtocol, it_passes_once) {
  const HttpRequest once = signed_by('a', swap_request(kA));
  ASSERT_EQ(send(once).status, 200);
  const auto again = send(once);
  EXPECT_EQ(again.status, 401);
  EXPECT_THAT(message(again), HasSubstr("used before"));
  const HttpRequest read = signed_by('a', request("HEAD", "/" + kA));
  ASSERT_EQ(send(read).status, 200);
  EXPECT_EQ(send(read).status, 401);
}

TEST_P(SignatureProtocol, one_nonce_may_be_used_by_two_signers) {
  const wire::SignatureTerms shared = terms();
  EXPECT_EQ(send(signed_by('a', request("GET", "/" + kA), shared)).status, 404);
  EXPECT_EQ(send(signed_by('b', request("GET", "/" + kB), shared)).status, 404);
}

TEST_P(SignatureProtocol, what_cannot_be_remembered_is_refused_until_others_expire) {
  server::ServiceConfig config;
  config.nonces_max = 2;
  serve(std::move(config));
  clock_.sleep(seconds(100));
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA)).status, 404);
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA)).status, 404);
  const auto refused = send_signed('a', request("GET", "/" + kA));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(field(refused, "Retry-After"), "1");
  clock_.sleep(seconds(60));
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA)).status, 404);
}

TEST_P(SignatureProtocol, a_server_that_was_started_anew_takes_none_from_before) {
  const HttpRequest captured = signed_by('a', request("GET", "/" + kA));
  configure([] {
    server::ServiceConfig config;
    config.signatures = true;
    config.public_endpoint = *Endpoint::parse("https://db.example.org");
    return config;
  }());
  const auto refused = send(captured);
  ASSERT_EQ(refused.status, 401);
  EXPECT_THAT(message(refused), HasSubstr("started not long ago"));
  // A client signs anew, with the challenge, and at once.
  const auto challenge = wire::find_challenge(refused.headers);
  ASSERT_TRUE(challenge.has_value());
  wire::SignatureTerms anew = terms();
  anew.nonce = challenge->nonce_prefix + anew.nonce;
  const HttpRequest fresh = signed_by('a', request("GET", "/" + kA), anew);
  EXPECT_EQ(send(fresh).status, 404);
  EXPECT_EQ(send(fresh).status, 401);
  // Once nothing from before can be valid, nobody needs it.
  clock_.sleep(wire::kSignatureSkewMax + seconds(1));
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA)).status, 404);
}

TEST_P(SignatureProtocol, without_a_public_url_it_is_for_this_machine_only) {
  clock_.sleep(seconds(1'000));
  server::ServiceConfig config;
  config.signatures = true;
  configure(std::move(config));
  clock_.sleep(seconds(100));
  const auto status_at = [&](const std::string& host) {
    HttpRequest made = request("GET", "/" + kA);
    made.headers.set("Host", host);
    return send(signed_by('a', made, terms(), "http://" + host)).status;
  };
  EXPECT_EQ(status_at("localhost:8440"), 404);
  EXPECT_EQ(status_at("127.0.0.1"), 404);
  EXPECT_EQ(status_at("[::1]:1"), 404);
  EXPECT_EQ(status_at("db.example.org"), 401);
  EXPECT_EQ(status_at("localhost.example.org"), 401);
}

TEST_P(SignatureProtocol, the_path_is_the_one_that_clients_see) {
  server::ServiceConfig config;
  config.path_prefix = "/inner";
  config.public_endpoint = *Endpoint::parse("https://db.example.org/outer");
  serve(std::move(config));
  clock_.sleep(seconds(100));
  HttpRequest made = signed_by('a', request("GET", "/outer/" + kA));
  made.target = "/inner/" + kA;
  EXPECT_EQ(send(made).status, 404);
  EXPECT_EQ(send_signed('a', request("GET", "/inner/" + kA)).status, 401);
}

TEST_P(SignatureProtocol, a_key_that_is_not_canonical_is_refused) {
  HttpRequest changed = signed_by('a', request("GET", "/" + kA));
  std::string input = *changed.headers.find("Signature-Input");
  const std::size_t at = input.find("did:key:z");
  input.insert(at + 9, "1");
  changed.headers.set("Signature-Input", input);
  EXPECT_EQ(send(changed).status, 401);
}

TEST_P(SignatureProtocol, only_listed_subjects_are_opened) {
  service().set_signed_subjects(std::make_shared<const server::SubjectSet>(
      *server::SubjectSet::parse("# mine\n" + kA + "\n")));
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA)).status, 404);
  EXPECT_EQ(send_signed('b', request("GET", "/" + kB)).status, 403);
  service().set_signed_subjects(nullptr);
  EXPECT_EQ(send_signed('b', request("GET", "/" + kB)).status, 404);
}

TEST_P(SignatureProtocol, few_subjects_begin_within_an_hour) {
  server::ServiceConfig config;
  config.new_subjects_per_hour_max = 2;
  serve(std::move(config));
  clock_.sleep(seconds(100));
  const std::string block = "/blocks/" + Hash::of("block").hex();
  EXPECT_EQ(send_signed('a', request("PUT", "/" + kA + block, {}, "block")).status, 204);
  EXPECT_EQ(send_signed('a', swap_request(kA)).status, 200) << "it has begun";
  EXPECT_EQ(send_signed('b', swap_request(kB)).status, 200);
  const std::string third = did_of('c');
  EXPECT_EQ(send_signed('c', request("PUT", "/" + third + block, {}, "block")).status, 429);
  EXPECT_EQ(send_signed('c', swap_request(third)).status, 429);
  EXPECT_EQ(send_signed('c', request("GET", "/" + third)).status, 404) << "reading makes nothing";
  EXPECT_EQ(send_signed('a', swap_request(kA, 2, hex(1))).status, 200) << "published ones go on";
  clock_.sleep(std::chrono::hours(1));
  EXPECT_EQ(send_signed('c', swap_request(third)).status, 200);
}

TEST_P(SignatureProtocol, tokens_count_beside_it) {
  set_tokens(R"({"name":"alice","hash":"blake3:)" + Hash::of("secret").hex() +
             R"(","access":"write","subjects":"all"})");
  HttpRequest with_token = request("GET", "/" + kA);
  with_token.headers.add("Authorization", "Bearer secret");
  EXPECT_EQ(send(with_token).status, 404);
  EXPECT_EQ(send_signed('a', request("GET", "/" + kA)).status, 404);
  const auto refused = send(request("GET", "/" + kA));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.count("WWW-Authenticate"), 2U);
}

TEST_P(SignatureProtocol, a_server_that_takes_none_passes_it_over) {
  configure({});
  HttpRequest foreign = signed_by('b', request("GET", "/" + kA));
  foreign.headers.set("Host", "localhost");
  EXPECT_EQ(send(foreign).status, 404);
  EXPECT_FALSE(wire::parse_capabilities(send("GET", "/").body)->signatures);
  EXPECT_EQ(send("GET", "/" + kA + "/revocations").status, 501);
}

TEST_P(SignatureProtocol, pages_of_other_origins_may_sign) {
  server::ServiceConfig config;
  config.cors_origins = {"https://app.example.org"};
  serve(std::move(config));
  const auto response = send(
      request("OPTIONS", "/" + kA,
              {{"Origin", "https://app.example.org"}, {"Access-Control-Request-Method", "PUT"}}));
  for (const char* name : {"Signature", "Signature-Input", "Content-Digest", "Dialog-Capability"})
    EXPECT_THAT(field(response, "Access-Control-Allow-Headers"), HasSubstr(name));
  EXPECT_THAT(field(response, "Access-Control-Expose-Headers"), HasSubstr("WWW-Authenticate"));
}

}  // namespace
}  // namespace dialog::test
