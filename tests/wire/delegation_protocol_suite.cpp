#include <gmock/gmock.h>

#include "protocol_suites.hpp"
#include "support/forwarding_store.hpp"

namespace dialog::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using enum CapabilityAccess;

TEST_P(DelegationProtocol, whoever_holds_one_may_do_what_it_says) {
  const Capability capability = issue('a', grant('b'));
  EXPECT_EQ(read_with('b', capability).status, 404);
  ASSERT_EQ(publish_with('b', capability).status, 200);
  EXPECT_EQ(wire::parse_record(read_with('b', capability).body)->author, kB);
  EXPECT_EQ(send_signed('b', with(request("POST", "/" + kA + "/blocks/has",
                                          {{"Content-Type", "application/vnd.dialog.blocks"}}),
                                  capability))
                .status,
            200);
}

TEST_P(DelegationProtocol, one_to_read_does_not_write) {
  const Capability capability = issue('a', grant('b', read));
  EXPECT_EQ(read_with('b', capability).status, 404);
  EXPECT_EQ(publish_with('b', capability).status, 403);
  EXPECT_EQ(
      send_signed('b', with(request("PUT", "/" + kA + "/blocks/" + Hash::of("x").hex(), {}, "x"),
                            capability))
          .status,
      403);
}

TEST_P(DelegationProtocol, it_is_for_its_audience_only) {
  EXPECT_EQ(read_with('c', issue('a', grant('b'))).status, 403);
}

TEST_P(DelegationProtocol, it_is_for_its_subject_only) {
  const Capability other = issue('d', grant('b'));
  EXPECT_EQ(read_with('b', other).status, 403);
}

TEST_P(DelegationProtocol, it_begins_and_ends) {
  Grant limited = grant('b');
  limited.not_before = now() + seconds(10);
  limited.expires = now() + seconds(20);
  const Capability capability = issue('a', limited);
  EXPECT_EQ(read_with('b', capability).status, 403);
  clock_.sleep(seconds(10));
  EXPECT_EQ(read_with('b', capability).status, 404);
  clock_.sleep(seconds(10));
  EXPECT_EQ(read_with('b', capability).status, 403);
}

TEST_P(DelegationProtocol, it_is_handed_on_up_to_four_times) {
  Capability capability = issue('a', grant('b'));
  for (char holder = 'b'; holder < 'e'; ++holder)
    capability = handed_on(capability, holder, static_cast<char>(holder + 1));
  EXPECT_EQ(capability.grants().size(), 4U);
  EXPECT_EQ(publish_with('e', capability).status, 200);
  EXPECT_EQ(read_with('d', capability).status, 403);
  // One link more than there may be.
  HttpRequest deeper = request("GET", "/" + kA);
  deeper.headers.set(wire::kCapabilityHeader, to_base64(capability.bytes() + Bytes(129, '\1')));
  EXPECT_EQ(send_signed('e', deeper).status, 401);
}

TEST_P(DelegationProtocol, a_forged_link_opens_nothing) {
  const Bytes first = issue('a', grant('x')).bytes();
  const Bytes mine = issue('b', grant('b')).bytes();
  // Made by key b over a grant that key x holds.
  const auto forged = Capability::decode(first + mine.substr(33));
  ASSERT_TRUE(forged.has_value());
  const auto response = read_with('b', *forged);
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(message(response), HasSubstr("not signed"));
  // And one by key b that claims to be from the subject.
  Bytes claimed = mine;
  claimed.replace(1, 32, key_of('a').public_key().bytes());
  EXPECT_EQ(read_with('b', *Capability::decode(claimed)).status, 403);
}

TEST_P(DelegationProtocol, one_that_is_wider_than_its_parent_is_refused) {
  const Bytes narrow = issue('a', grant('b', read)).bytes();
  const Bytes wide = handed_on(issue('a', grant('b')), 'b', 'c').bytes();
  HttpRequest made = swap_request(kA);
  made.headers.set(wire::kCapabilityHeader, to_base64(narrow + wide.substr(narrow.size())));
  EXPECT_EQ(send_signed('c', made).status, 401);
}

TEST_P(DelegationProtocol, it_must_be_covered_by_the_signature) {
  HttpRequest made = signed_by('b', request("GET", "/" + kA));
  made.headers.set(wire::kCapabilityHeader, issue('a', grant('b')).text());
  EXPECT_EQ(send(made).status, 401);
}

TEST_P(DelegationProtocol, the_subject_revokes_it) {
  const Capability capability = issue('a', grant('b'));
  ASSERT_EQ(read_with('b', capability).status, 404);
  const auto revoked = revoke('a', capability);
  ASSERT_EQ(revoked.status, 200) << revoked.body;
  const auto refused = read_with('b', capability);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(message(refused), HasSubstr("revoked"));
  EXPECT_EQ(revocations(), (std::vector<Revocation>{{capability.id(), capability.expires()}}));
  EXPECT_EQ(read_with('b', issue('a', grant('b'))).status, 404) << "another grant still counts";
}

TEST_P(DelegationProtocol, the_subject_revokes_by_id_without_having_it) {
  const Capability capability = issue('a', grant('b'));
  ASSERT_EQ(revoke('a', capability.id()).status, 200);
  EXPECT_EQ(read_with('b', capability).status, 403);
  ASSERT_EQ(revocations().size(), 1U);
  EXPECT_EQ(revocations()[0].expires, now() + 2 * Capability::kLifeMax);
}

TEST_P(DelegationProtocol, what_stands_on_a_revoked_one_is_revoked) {
  const Capability first = issue('a', grant('b'));
  const Capability second = handed_on(first, 'b', 'c');
  ASSERT_EQ(read_with('c', second).status, 404);
  ASSERT_EQ(revoke('a', first).status, 200);
  EXPECT_EQ(read_with('c', second).status, 403);
}

TEST_P(DelegationProtocol, whoever_handed_it_on_takes_back_his_own_link_only) {
  const Capability first = issue('a', grant('b'));
  const Capability second = handed_on(first, 'b', 'c');
  EXPECT_EQ(revoke('b', first).status, 403);
  EXPECT_EQ(revoke('c', second).status, 403);
  EXPECT_EQ(revoke('b', second.id()).status, 403);
  ASSERT_EQ(revoke('b', second).status, 200);
  EXPECT_EQ(read_with('c', second).status, 403);
  EXPECT_EQ(read_with('b', first).status, 404);
}

TEST_P(DelegationProtocol, a_revocation_needs_a_chain_that_holds) {
  Bytes bytes = issue('a', grant('b')).bytes();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const Capability broken = *Capability::decode(bytes);
  EXPECT_EQ(revoke('a', broken).status, 400);
  EXPECT_EQ(revoke('a', issue('d', grant('b'))).status, 400);
  for (const char* body :
       {"", "{}", "[]", R"({"id":"12"})", R"({"capability":"x"})", R"({"id":1})"})
    EXPECT_EQ(send_signed('a', revoke_request(kA, body)).status, 400) << body;
  EXPECT_TRUE(revocations().empty());
}

TEST_P(DelegationProtocol, keys_further_down_cannot_use_up_the_subjects_room) {
  const Capability first = issue('a', grant('b'));
  int accepted = 0;
  for (int i = 0; i < 300; ++i)
    accepted += revoke('b', handed_on(first, 'b', 'c', i)).status == 200 ? 1 : 0;
  EXPECT_EQ(accepted, 256);
  EXPECT_EQ(revoke('a', first).status, 200);
}

TEST_P(DelegationProtocol, a_token_to_administer_revokes_and_one_to_write_does_not) {
  const auto line = [](const std::string& name, const std::string& access) {
    return R"({"name":")" + name + R"(","hash":"blake3:)" + Hash::of(name).hex() +
           R"(","access":")" + access + R"(","subjects":"all"})" + "\n";
  };
  set_tokens(line("admin", "admin") + line("writer", "write"));
  const Capability capability = issue('a', grant('b'));
  HttpRequest made = revoke_request(kA, wire::print_revoke({std::nullopt, capability.id()}));
  made.headers.set("Authorization", "Bearer writer");
  EXPECT_EQ(send(made).status, 403);
  made.headers.set("Authorization", "Bearer admin");
  EXPECT_EQ(send(made).status, 200);
  EXPECT_EQ(read_with('b', capability).status, 403);
}

TEST_P(DelegationProtocol, a_store_that_keeps_no_revocations_takes_no_capabilities) {
  ForwardingStore store;
  server::ServiceConfig config;
  config.signatures = true;
  config.public_endpoint = *Endpoint::parse("https://db.example.org");
  server::Service forgetful(store, config, clock_);
  clock_.sleep(seconds(100));
  const HttpRequest made = signed_by('b', with(request("GET", "/" + kA), issue('a', grant('b'))));
  EXPECT_EQ(forgetful.handle(made).status, 403);
  EXPECT_EQ(forgetful.handle(signed_by('a', request("GET", "/" + kA))).status, 404);
}

}  // namespace
}  // namespace dialog::test
