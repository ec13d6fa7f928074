#include "tls.hpp"

#include <array>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string>
#include <utility>

namespace dialog::server {
namespace {

struct FreeParts {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Reader = std::unique_ptr<BIO, FreeParts>;
using Certificate = std::unique_ptr<X509, FreeParts>;
using Key = std::unique_ptr<EVP_PKEY, FreeParts>;

// What the protocol of a connection may be beside HTTP/1.1 is not served here.
constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

tl::unexpected<Error> wrong(const std::string& what) {
  std::string message = what;
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    std::array<char, 256> reason{};
    ERR_error_string_n(code, reason.data(), reason.size());
    message += std::string(": ") + reason.data();
  }
  ERR_clear_error();
  return fail(ErrorCode::invalid_argument, std::move(message));
}

Reader reader_of(const std::string& text) {
  return Reader(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Nobody is there to ask for a password.
int no_password(char*, int, int, void*) { return 0; }

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11.data(), kHttp11.size(), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<void> use_certificates(SSL_CTX* context, const std::string& text) {
  const Reader reader = reader_of(text);
  const Certificate own(PEM_read_bio_X509_AUX(reader.get(), nullptr, no_password, nullptr));
  if (!own) return wrong("there is no certificate in PEM form");
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    return wrong("the certificate cannot be used");
  while (true) {
    Certificate next(PEM_read_bio_X509(reader.get(), nullptr, no_password, nullptr));
    if (!next) break;
    // Takes it over.
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1)
      return wrong("a certificate of the chain cannot be used");
    [[maybe_unused]] const X509* const taken = next.release();
  }
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
    return wrong("a certificate of the chain cannot be read");
  ERR_clear_error();
  return {};
}

Result<void> use_key(SSL_CTX* context, const std::string& text) {
  const Reader reader = reader_of(text);
  const Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_password, nullptr));
  if (!key) return wrong("there is no private key in PEM form, without a password");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return wrong("the private key does not belong to the certificate");
  return {};
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsPair& pair) {
  ERR_clear_error();
  std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_server_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
    return wrong("TLS cannot be set up");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections give their buffers back.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Clients keep what they need to resume; nothing is kept here.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  DIALOG_TRY(use_certificates(context.get(), pair.certificate));
  DIALOG_TRY(use_key(context.get(), pair.key));
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context)));
}

TlsContext::Connection TlsContext::accept(int socket) const {
  Connection connection(SSL_new(context_.get()));
  if (!connection || SSL_set_fd(connection.get(), socket) != 1) return nullptr;
  SSL_set_accept_state(connection.get());
  return connection;
}

}  // namespace dialog::server
