#include "addresses.hpp"

#include <algorithm>
#include <charconv>
#include <ranges>

namespace dialog::server {
namespace {

std::string raw_bytes(const Address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

bool share_prefix(const std::string& a, const std::string& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (a.size() != b.size() || a.compare(0, whole, b, 0, whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned difference =
      static_cast<unsigned char>(a[whole]) ^ static_cast<unsigned char>(b[whole]);
  return difference >> (8 - bits % 8) == 0;
}

bool equal_ignoring_case(std::string_view text, std::string_view lowercase) {
  return std::equal(
      text.begin(), text.end(), lowercase.begin(), lowercase.end(),
      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

// The addresses of the fields from left to right. Proxies append, so the last ones are the nearest.
std::vector<std::string_view> forwarded_list(const HttpHeaders& headers) {
  std::vector<std::string_view> list;
  for (const auto& [field, value] : headers.fields()) {
    if (!equal_ignoring_case(field, "x-forwarded-for")) continue;
    std::string_view rest = value;
    for (;;) {
      const std::size_t comma = rest.find(',');
      std::string_view item = rest.substr(0, comma);
      item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
      item = item.substr(0, item.find_last_not_of(" \t") + 1);
      list.push_back(item);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return list;
}

std::optional<Address> parse_address(std::string_view text) {
  boost::system::error_code error;
  const Address address = boost::asio::ip::make_address(text, error);
  if (error) return {};
  return normalized(address);
}

}  // namespace

Address normalized(const Address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
}

Result<Networks> Networks::parse(const std::vector<std::string>& texts) {
  Networks networks;
  for (const std::string& text : texts) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(std::string_view(text).substr(0, slash));
    const unsigned whole = address && address->is_v4() ? 32 : 128;
    unsigned bits = whole;
    bool good = address.has_value();
    if (slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto read = std::from_chars(text.data() + slash + 1, end, bits);
      good = good && read.ec == std::errc{} && read.ptr == end && bits <= whole;
    }
    if (!good)
      return fail(ErrorCode::invalid_argument, "\"" + text + "\" is no address and no network");
    networks.networks_.push_back({*address, bits});
  }
  return networks;
}

bool Networks::contains(const Address& address) const {
  const std::string bytes = raw_bytes(normalized(address));
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return share_prefix(bytes, raw_bytes(network.address), network.prefix_bits);
  });
}

std::optional<Address> forwarded_client(const HttpHeaders& headers, const Networks& trusted) {
  for (const std::string_view item : forwarded_list(headers) | std::views::reverse) {
    auto address = parse_address(item);
    if (!address) return {};
    if (!trusted.contains(*address)) return address;
  }
  return {};
}

bool is_local_or_address(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != std::string_view::npos && parse_address(host.substr(1, end - 1)).has_value();
  }
  host = host.substr(0, host.find(':'));
  return equal_ignoring_case(host, "localhost") ||
         (host.size() > 10 && equal_ignoring_case(host.substr(host.size() - 10), ".localhost")) ||
         parse_address(host).has_value();
}

std::string client_key(const Address& address) {
  std::string key = raw_bytes(normalized(address));
  // Whoever has one IPv6 address has a whole /64 of them.
  constexpr std::size_t kNetworkBytes = 8;
  if (key.size() > kNetworkBytes) key.resize(kNetworkBytes);
  return key;
}

AddressTable::Lease::~Lease() {
  if (table_) table_->release(key_);
}

std::optional<AddressTable::Lease> AddressTable::acquire(const Address& address) {
  if (normalized(address).is_loopback()) return Lease{};
  std::string key = client_key(address);
  const std::lock_guard lock(mutex_);
  std::size_t& count = counts_[key];
  if (count >= per_address_max_) {
    if (count == 0) counts_.erase(key);
    return {};
  }
  ++count;
  return Lease(shared_from_this(), std::move(key));
}

void AddressTable::release(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(key);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

}  // namespace dialog::server
