#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dialog/base/result.hpp"
#include "dialog/http/message.hpp"

namespace dialog::server {

using Address = boost::asio::ip::address;

/// An IPv4 address that came in the form of IPv6, as itself.
Address normalized(const Address& address);

/// A set of networks.
class Networks {
 public:
  /// Each is an address, or an address and the length of its prefix: `10.0.0.0/8`.
  /// `invalid_argument`.
  static Result<Networks> parse(const std::vector<std::string>& texts);
  [[nodiscard]] bool contains(const Address& address) const;

 private:
  struct Network {
    Address address;
    unsigned prefix_bits;
  };
  std::vector<Network> networks_;
};

/// The client behind a trusted proxy: the last address of `X-Forwarded-For` that is not itself
/// trusted. Absent where the fields say none, or what cannot be read comes first.
std::optional<Address> forwarded_client(const HttpHeaders& headers, const Networks& trusted);

/// True where a `Host` field names this machine for itself: `localhost`, a name under it, or an
/// address; with or without a port.
bool is_local_or_address(std::string_view host);

/// What is one client for all bounds: an IPv4 address, or the /64 network of an IPv6 address.
std::string client_key(const Address& address);

/// Counts what each client address holds at the moment. Thread-safe.
class AddressTable : public std::enable_shared_from_this<AddressTable> {
 public:
  explicit AddressTable(std::size_t per_address_max) : per_address_max_(per_address_max) {}

  /// One unit; given back by its destruction.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept : table_(std::move(other.table_)), key_(std::move(other.key_)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(table_, other.table_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Lease();

   private:
    friend class AddressTable;
    Lease(std::shared_ptr<AddressTable> table, std::string key)
        : table_(std::move(table)), key_(std::move(key)) {}
    std::shared_ptr<AddressTable> table_;
    std::string key_;
  };

  /// Absent where the address holds its whole share. Loopback has no bound.
  std::optional<Lease> acquire(const Address& address);

 private:
  void release(const std::string& key);
  const std::size_t per_address_max_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace dialog::server
