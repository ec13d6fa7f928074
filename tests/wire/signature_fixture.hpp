#pragma once

#include <string>
#include <utility>

#include "dialog/http/request_signature.hpp"
#include "dialog/identity/capability.hpp"
#include "protocol_fixture.hpp"

namespace dialog::test {

inline SecretKey key_of(char byte) { return *SecretKey::from_seed(Bytes(32, byte)); }
inline std::string did_of(char byte) { return Did::of(key_of(byte).public_key()).text(); }

inline const std::string kA = did_of('a');
inline const std::string kB = did_of('b');

/// A test of a server that takes signatures, and has run long enough to know what it saw. Keys are
/// named by letters.
class SignatureTest : public ProtocolTest {
 protected:
  static constexpr const char* kAuthority = "db.example.org";

  void SetUp() override {
    serve({});
    clock_.sleep(std::chrono::seconds(9'000));
  }
  void serve(server::ServiceConfig config) {
    clock_.sleep(std::chrono::seconds(1'000));
    config.signatures = true;
    if (!config.public_endpoint)
      config.public_endpoint = *Endpoint::parse("https://" + std::string(kAuthority));
    configure(std::move(config));
  }
  [[nodiscard]] std::chrono::seconds now() {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.wall());
  }
  std::string nonce() { return "nonce of a test " + std::to_string(++nonces_); }
  wire::SignatureTerms terms() { return {now(), now() + std::chrono::seconds(60), nonce()}; }

  static HttpRequest request(std::string method, std::string target, Fields fields = {},
                             Bytes body = {}) {
    HttpRequest made = make_request(std::move(method), std::move(target), fields, std::move(body));
    made.headers.add("Host", kAuthority);
    return made;
  }
  static HttpRequest swap_request(const std::string& did, char to = 1,
                                  const std::string& from = kZero) {
    return request("PUT", "/" + did, {{"If-Match", from}, {"Content-Type", "application/json"}},
                   swap_body(did, hex(to)));
  }
  static HttpRequest revoke_request(const std::string& did, std::string body) {
    return request("POST", "/" + did + "/revocations", {{"Content-Type", "application/json"}},
                   std::move(body));
  }

  HttpRequest signed_by(char key, HttpRequest made) {
    return signed_by(key, std::move(made), terms());
  }
  static HttpRequest signed_by(char key, HttpRequest made, const wire::SignatureTerms& terms,
                               const std::string& url = "https://db.example.org") {
    const std::string target = made.target;
    made.target = url + target;
    const auto outcome = wire::sign_request(made, key_of(key), terms);
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    made.target = target;
    return made;
  }
  HttpResponse send_signed(char key, HttpRequest made) {
    return send(signed_by(key, std::move(made)));
  }
  static std::string message(const HttpResponse& response) {
    const auto error = wire::parse_error(response.body);
    return error ? error->message : response.body;
  }

  Grant grant(char audience, CapabilityAccess access = CapabilityAccess::write) {
    Grant made{key_of(audience).public_key(),
               access,
               now() - std::chrono::seconds(10),
               now() + std::chrono::hours(1),
               {}};
    made.nonce.fill(static_cast<std::uint8_t>(++nonces_));
    return made;
  }
  Capability issue(char subject, const Grant& grant) {
    return *Capability::issue(key_of(subject), grant);
  }
  static HttpRequest with(HttpRequest made, const Capability& capability) {
    made.headers.set(wire::kCapabilityHeader, capability.text());
    return made;
  }

 private:
  int nonces_ = 0;
};

}  // namespace dialog::test
