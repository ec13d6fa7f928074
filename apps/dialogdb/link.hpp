#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dialog/http/counting_client.hpp"
#include "dialog/http/http_archive.hpp"
#include "dialog/http/rest_backend.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/synchronize.hpp"
#include "link_options.hpp"
#include "program.hpp"

namespace dialog::cli {

/// An address as a person writes it: the endpoint, which may have the DID as its last segment.
struct RemoteAddress {
  std::string url;
  std::optional<std::string> subject;
};
/// `invalid_argument`.
Result<RemoteAddress> parse_address(const std::string& text);

/// Whether the address is that of a server, not of a service that keeps heads or blocks without
/// one.
bool is_server(const std::string& url);

/// Whether the remote has a place for heads and one for blocks, neither twice. `invalid_argument`.
Result<void> check_places(const Remote& remote);

/// An open way to a remote that counts what passes: a server over HTTP, or a service that keeps
/// heads and blocks without one. Does no I/O before it is used.
class Link final {
 public:
  static Result<std::unique_ptr<Link>> open(const Program& program, const Remote& remote);

  /// Valid as long as the link.
  [[nodiscard]] RemoteConnection connection();
  [[nodiscard]] Archive& blocks() { return *parts_.blocks; }
  RevisionBackend& backend() { return *parts_.backend; }
  [[nodiscard]] HttpTransport transport() const;
  [[nodiscard]] const Subject& subject() const { return subject_; }
  [[nodiscard]] TransferStats transfer() const { return client_->stats(); }
  /// What the remote says of itself; absent where it does not.
  Result<std::optional<wire::Capabilities>> capabilities(const Context& context) {
    return parts_.capabilities(context);
  }

 private:
  struct Parts {
    std::unique_ptr<RevisionBackend> backend;
    std::unique_ptr<Archive> blocks;
    std::function<Result<std::optional<wire::Capabilities>>(const Context&)> capabilities;
  };
  Link(std::string name, Subject subject, std::shared_ptr<CountingHttpClient> client, Parts parts);
  static Result<Parts> open_server(const Program& program, const Remote& remote,
                                   const Subject& subject, const HttpTransport& transport);
  static Result<Parts> open_etcd(const Program& program, const Remote& remote,
                                 const Subject& subject,
                                 std::shared_ptr<CountingHttpClient>& client);
  static Result<Parts> open_bucket(const Program& program, const Remote& remote,
                                   const Subject& subject, const HttpTransport& transport);

  std::string name_;
  Subject subject_;
  std::shared_ptr<CountingHttpClient> client_;
  Parts parts_;
};

}  // namespace dialog::cli
