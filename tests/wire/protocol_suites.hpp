#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dialog/http/revocation_messages.hpp"
#include "dialog/http/subject_messages.hpp"
#include "signature_fixture.hpp"

// The protocol line by line, for programs that have stores for a server:
//
//   DIALOG_PROTOCOL_OVER(Log, LogServerStoreFixture, kAllTransports);
//   DIALOG_QUOTAS_OVER(Log, LogServerStoreFixture);

namespace dialog::test {

/// The line of a file of tokens. The secret is "secret of NAME".
inline std::string token_line(const std::string& name, const std::string& access,
                              const std::string& rest = R"("subjects":"all")") {
  return R"({"name":")" + name + R"(","hash":"blake3:)" + Hash::of("secret of " + name).hex() +
         R"(","access":")" + access + R"(",)" + rest + "}\n";
}

inline const Fields kFrames{{"Content-Type", std::string(wire::kBlocksMediaType)}};

class RegisterProtocol : public ProtocolTest {};
/// Not through proxies.
class DirectRegisterProtocol : public ProtocolTest {};

class ArchiveProtocol : public ProtocolTest {
 protected:
  static std::string path(const Hash& hash, const std::string& did = kDid) {
    return "/" + did + "/blocks/" + hash.hex();
  }
  static std::string batch(const char* name) { return "/" + kDid + "/blocks/" + name; }
  HttpResponse put_all(const std::vector<Block>& blocks) {
    Bytes body;
    for (const Block& block : blocks) wire::append_frame(body, block);
    return send("POST", batch("put"), kFrames, body);
  }
};

/// Sends with the token of a name.
class TokenTest : public ProtocolTest {
 protected:
  HttpResponse as(const std::string& name, std::string method, std::string target,
                  Fields fields = {}, Bytes body = {}) {
    HttpRequest request =
        make_request(std::move(method), std::move(target), fields, std::move(body));
    request.headers.add("Authorization", "Bearer secret of " + name);
    return send(request);
  }
};

class TokenProtocol : public TokenTest {
 protected:
  HttpResponse put_as(const std::string& name) {
    return as(name, "PUT", "/" + kDid, {{"If-Match", kZero}, {"Content-Type", "application/json"}},
              swap_body(kDid, hex(1)));
  }
};

/// What an operator does with subjects. `root` is an admin, `writer` is none.
class SubjectProtocol : public TokenTest {
 protected:
  void SetUp() override { set_tokens(token_line("root", "admin") + token_line("writer", "write")); }
  HttpResponse swap(const std::string& expected, const std::string& desired,
                    const std::string& did = kDid) {
    return as("writer", "PUT", "/" + did,
              {{"If-Match", expected}, {"Content-Type", "application/json"}},
              swap_body(did, desired));
  }
  HttpResponse put_block(const std::string& text, const std::string& did = kDid) {
    return as("writer", "PUT", block_path(text, did), {}, text);
  }
  static std::string block_path(const std::string& text, const std::string& did = kDid) {
    return "/" + did + "/blocks/" + Hash::of(text).hex();
  }
  HttpResponse set_quota(const std::string& body, const std::string& did = kDid) {
    return as("root", "PUT", "/" + did + "/quota", {{"Content-Type", "application/json"}}, body);
  }
  wire::UsageMessage usage(const std::string& did = kDid) {
    const auto response = as("writer", "GET", "/" + did + "/usage");
    EXPECT_EQ(response.status, 200);
    return wire::parse_usage(response.body).value();
  }
  static std::string code(const HttpResponse& response) {
    const auto error = wire::parse_error(response.body);
    return error ? std::string(error_row(error->code).name) : "(none)";
  }
};

/// The same where there are quotas.
class QuotaProtocol : public SubjectProtocol {};

/// A server without tokens, and a subject.
class OpenSubjectProtocol : public ProtocolTest {
 protected:
  void SetUp() override {
    const Register::Swap swap{{}, revision(1), {}, "", false};
    ASSERT_TRUE(store_.head_register().swap(Subject::parse(kDid).value(), swap, {}).has_value());
  }
};

class SignatureProtocol : public SignatureTest {};

/// Key a owns the subject; it lets key b in, who may let key c in.
class DelegationProtocol : public SignatureTest {
 protected:
  HttpResponse read_with(char key, const Capability& capability) {
    return send_signed(key, with(request("GET", "/" + kA), capability));
  }
  HttpResponse publish_with(char key, const Capability& capability) {
    return send_signed(key, with(swap_request(kA), capability));
  }
  HttpResponse revoke(char key, const Capability& capability) {
    return send_signed(key,
                       revoke_request(kA, wire::print_revoke({capability.text(), std::nullopt})));
  }
  HttpResponse revoke(char key, const Hash& id) {
    return send_signed(key, revoke_request(kA, wire::print_revoke({std::nullopt, id})));
  }
  std::vector<Revocation> revocations() {
    const auto response = send_signed('a', request("GET", "/" + kA + "/revocations"));
    const auto list = wire::parse_revocation_list(response.body);
    EXPECT_TRUE(list.has_value()) << response.body;
    return list.value_or(std::vector<Revocation>());
  }
  /// As wide and as long as it is.
  static Capability handed_on(const Capability& capability, char from, char to, int number = 0) {
    Grant next = capability.grants().back();
    next.audience = key_of(to).public_key();
    next.nonce.fill(static_cast<std::uint8_t>(number));
    next.nonce[1] = static_cast<std::uint8_t>(number / 256);
    const auto made = capability.hand_on(key_of(from), next);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return *made;
  }
};

}  // namespace dialog::test

/// What holds over every store. `Transports` are those of the suites that go through proxies, too.
#define DIALOG_PROTOCOL_OVER(Name, Stores, Transports)                                        \
  INSTANTIATE_TEST_SUITE_P(Name, RegisterProtocol, over<Stores>(Transports), transport_name); \
  INSTANTIATE_TEST_SUITE_P(Name, DirectRegisterProtocol, over<Stores>(kDirectTransports),     \
                           transport_name);                                                   \
  INSTANTIATE_TEST_SUITE_P(Name, ArchiveProtocol, over<Stores>(Transports), transport_name);  \
  INSTANTIATE_TEST_SUITE_P(Name, TokenProtocol, over<Stores>(Transports), transport_name);    \
  INSTANTIATE_TEST_SUITE_P(Name, SignatureProtocol, over<Stores>(kDirectTransports),          \
                           transport_name);                                                   \
  INSTANTIATE_TEST_SUITE_P(Name, DelegationProtocol, over<Stores>(kDirectTransports),         \
                           transport_name);                                                   \
  INSTANTIATE_TEST_SUITE_P(Name, SubjectProtocol, over<Stores>(kDirectTransports),            \
                           transport_name);                                                   \
  INSTANTIATE_TEST_SUITE_P(Name, OpenSubjectProtocol, over<Stores>(kDirectTransports),        \
                           transport_name)

/// What holds over those that have quotas.
#define DIALOG_QUOTAS_OVER(Name, Stores) \
  INSTANTIATE_TEST_SUITE_P(Name, QuotaProtocol, over<Stores>(kDirectTransports), transport_name)
