#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "served_fixture.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

/// A key, and a certificate with that name that it has signed itself.
server::TlsPair make_pair(const std::string& name) {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_sign(certificate, key, EVP_sha256());
  BIO* const shown = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(shown, certificate);
  BIO* const secret = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {text_of(shown), text_of(secret)};
}

/// A client that waits for each answer.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int newest = TLS1_3_VERSION)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)),
        context_(SSL_CTX_new(TLS_client_method())),
        ssl_(nullptr) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{60, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    if (newest < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context_, "DEFAULT@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, newest);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_);
    is_connected_ = SSL_connect(ssl_) == 1;
    ERR_clear_error();
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    close(socket_);
  }

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  /// The name in the server's certificate.
  [[nodiscard]] std::string server_name() const {
    X509* const certificate = SSL_get1_peer_certificate(ssl_);
    std::array<char, 64> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              name.size());
    X509_free(certificate);
    return name.data();
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const int count = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
      ASSERT_GT(count, 0);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// Everything up to the end that the server says.
  std::string receive_rest() {
    std::string all;
    std::array<char, 16384> bytes;
    int count = 0;
    while ((count = SSL_read(ssl_, bytes.data(), bytes.size())) > 0)
      all.append(bytes.data(), static_cast<std::size_t>(count));
    is_ended_well_ = SSL_get_error(ssl_, count) == SSL_ERROR_ZERO_RETURN;
    ERR_clear_error();
    return all;
  }
  /// Whether the server said within the encryption that nothing more comes.
  [[nodiscard]] bool is_ended_well() const { return is_ended_well_; }

 private:
  int socket_;
  SSL_CTX* context_;
  SSL* ssl_;
  bool is_connected_ = false;
  bool is_ended_well_ = false;
};

const std::string kHealthGet = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
const std::string kLastGet = kHealthGet + "Connection: close\r\n\r\n";

class Tls : public ServedTest {
 protected:
  void serve_tls(server::ServerConfig config = {}) {
    config.tls = one_;
    serve(std::move(config));
    // The clients here run on this thread, and write to connections that are closed. The threads
    // of the server have begun before, and must see to that themselves.
    pthread_sigmask(SIG_BLOCK, &broken_pipe_, nullptr);
  }
  void SetUp() override {
    sigemptyset(&broken_pipe_);
    sigaddset(&broken_pipe_, SIGPIPE);
  }
  void TearDown() override {
    const timespec no_time{};
    sigtimedwait(&broken_pipe_, nullptr, &no_time);
    pthread_sigmask(SIG_UNBLOCK, &broken_pipe_, nullptr);
  }

  sigset_t broken_pipe_{};
  const server::TlsPair one_ = make_pair("one");
  const server::TlsPair two_ = make_pair("two");
};

TEST_F(Tls, requests_are_answered_and_the_end_is_told) {
  serve_tls();
  TlsClient client(port());
  ASSERT_TRUE(client.is_connected());
  EXPECT_EQ(client.server_name(), "one");
  client.send(kHealthGet + "\r\n" + kLastGet);
  const std::string all = client.receive_rest();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\n")) << all;
  EXPECT_NE(all.find(R"({"status":"ok"}HTTP/1.1 200 OK)"), std::string::npos) << all;
  EXPECT_TRUE(client.is_ended_well());
}

TEST_F(Tls, large_bodies_pass_both_ways) {
  serve_tls();
  Bytes bytes;
  for (std::size_t i = 0; i < kBlockBytesMax; ++i) bytes.push_back(static_cast<char>(i * i >> 7U));
  const Block block = Block::of(bytes);
  const std::string target = "/" + kDid + "/blocks/" + block.hash().hex();
  TlsClient client(port());
  client.send("PUT " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
              std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
  client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string all = client.receive_rest();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 204")) << all.substr(0, 100);
  EXPECT_TRUE(all.ends_with("\r\n\r\n" + bytes));
}

TEST_F(Tls, a_new_certificate_counts_for_new_connections_and_old_ones_go_on) {
  serve_tls();
  TlsClient before(port());
  ASSERT_TRUE(before.is_connected());
  ASSERT_TRUE(server_->set_tls(two_).has_value());
  TlsClient after(port());
  EXPECT_EQ(after.server_name(), "two");
  before.send(kLastGet);
  EXPECT_NE(before.receive_rest().find("200 OK"), std::string::npos);
}

TEST_F(Tls, a_wrong_pair_changes_nothing_and_says_what_is_wrong) {
  serve_tls();
  const std::pair<server::TlsPair, std::string> cases[] = {
      {{one_.certificate, two_.key}, "does not belong"},
      {{"nothing", one_.key}, "no certificate"},
      {{one_.certificate, "nothing"}, "no private key"},
      {{one_.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        one_.key},
       "of the chain"}};
  for (const auto& [pair, what] : cases) {
    const auto taken = server_->set_tls(pair);
    ASSERT_FALSE(taken.has_value()) << what;
    EXPECT_EQ(taken.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(taken.error().message.find(what), std::string::npos) << taken.error().message;
    EXPECT_EQ(taken.error().message.find(one_.key.substr(40, 20)), std::string::npos);
  }
  TlsClient client(port());
  EXPECT_EQ(client.server_name(), "one");
}

TEST_F(Tls, a_server_does_not_start_with_a_wrong_pair) {
  service_ = std::make_unique<server::Service>(store_, server::ServiceConfig{});
  server::ServerConfig config;
  config.tls = server::TlsPair{one_.certificate, two_.key};
  server::Server wrong(*service_, config, log_);
  EXPECT_EQ(wrong.start().error().code, ErrorCode::invalid_argument);
}

TEST_F(Tls, a_server_without_it_takes_no_certificate) {
  serve();
  EXPECT_EQ(server_->set_tls(one_).error().code, ErrorCode::invalid_argument);
}

TEST_F(Tls, versions_before_1_2_are_refused) {
  serve_tls();
  EXPECT_FALSE(TlsClient(port(), TLS1_1_VERSION).is_connected());
  EXPECT_TRUE(TlsClient(port(), TLS1_2_VERSION).is_connected());
}

TEST_F(Tls, a_handshake_that_does_not_come_in_time_is_cut) {
  serve_tls({.head_time_max = 20ms});
  RawClient silent(port());
  EXPECT_EQ(silent.receive_rest(), "");
  RawClient slow(port());
  slow.send("\x16\x03\x01");
  EXPECT_EQ(slow.receive_rest(), "");
}

TEST_F(Tls, a_handshake_counts_as_a_connection) {
  serve_tls({.connections_max = 1});
  RawClient first(port());
  while (server_->connection_count() == 0) std::this_thread::yield();
  EXPECT_FALSE(TlsClient(port()).is_connected());
}

TEST_F(Tls, plain_http_is_refused_and_closed_cleanly) {
  serve_tls();
  RawClient client(port());
  client.send(kHealthGet + "\r\n");
  EXPECT_EQ(client.receive()->status, 400);
  EXPECT_EQ(client.receive_rest(), "");
  TlsClient next(port());
  EXPECT_TRUE(next.is_connected());
}

TEST_F(Tls, clients_that_vanish_do_not_disturb_the_server) {
  serve_tls();
  for (int i = 0; i < 20; ++i) {
    TlsClient client(port());
    client.send(kHealthGet + "\r\n" + kHealthGet);
  }
  while (server_->connection_count() != 0) std::this_thread::yield();
  TlsClient client(port());
  client.send(kLastGet);
  EXPECT_NE(client.receive_rest().find("200 OK"), std::string::npos);
}

TEST_F(Tls, a_stop_lets_handshakes_go_and_finishes_requests) {
  serve_tls();
  store_.shut();
  TlsClient client(port());
  client.send("HEAD /" + kDid + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  store_.wait_for_waiting(1);
  RawClient silent(port());
  std::thread stopping([&] { server_->stop(); });
  log_.wait_for_event("stopping");
  store_.open();
  EXPECT_NE(client.receive_rest().find("404 Not Found"), std::string::npos);
  stopping.join();
  EXPECT_EQ(silent.receive_rest(), "");
}

}  // namespace
}  // namespace dialog::test
