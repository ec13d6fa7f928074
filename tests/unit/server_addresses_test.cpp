#include <gtest/gtest.h>

#include "addresses.hpp"
#include "forgeries.hpp"

namespace dialog::server {
namespace {

Address address(const char* text) { return boost::asio::ip::make_address(text); }
Networks networks(const std::vector<std::string>& texts) { return *Networks::parse(texts); }

std::string client(const std::vector<std::string>& fields, const Networks& trusted) {
  HttpHeaders headers;
  for (const std::string& value : fields) headers.add("X-Forwarded-For", value);
  const auto found = forwarded_client(headers, trusted);
  return found ? found->to_string() : "(none)";
}

TEST(Networks, an_address_is_in_the_networks_that_share_its_prefix) {
  const Networks set = networks({"10.0.0.0/8", "192.0.2.128/25", "2001:db8::/32", "198.51.100.7"});
  EXPECT_TRUE(set.contains(address("10.255.0.1")));
  EXPECT_FALSE(set.contains(address("11.0.0.1")));
  EXPECT_TRUE(set.contains(address("192.0.2.200")));
  EXPECT_FALSE(set.contains(address("192.0.2.127")));
  EXPECT_TRUE(set.contains(address("2001:db8:1::1")));
  EXPECT_FALSE(set.contains(address("2001:db9::1")));
  EXPECT_TRUE(set.contains(address("198.51.100.7")));
  EXPECT_FALSE(set.contains(address("198.51.100.8")));
}

TEST(Networks, a_mapped_address_is_the_one_that_it_maps) {
  EXPECT_TRUE(networks({"10.0.0.0/8"}).contains(address("::ffff:10.1.2.3")));
}

TEST(Networks, everything_is_in_a_prefix_of_no_bits) {
  EXPECT_TRUE(networks({"0.0.0.0/0"}).contains(address("203.0.113.1")));
  EXPECT_FALSE(networks({"0.0.0.0/0"}).contains(address("2001:db8::1")));
}

TEST(Networks, what_is_no_network_is_refused) {
  for (const char* text :
       {"", "host", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "::/129"}) {
    EXPECT_FALSE(Networks::parse({text}).has_value()) << text;
  }
}

TEST(ForwardedClient, is_the_nearest_one_that_is_not_trusted) {
  const Networks trusted = networks({"10.0.0.0/8"});
  EXPECT_EQ(client({"203.0.113.1"}, trusted), "203.0.113.1");
  EXPECT_EQ(client({"203.0.113.1, 10.0.0.2"}, trusted), "203.0.113.1");
  EXPECT_EQ(client({"6.6.6.6, 203.0.113.1 ,\t10.0.0.2"}, trusted), "203.0.113.1");
  EXPECT_EQ(client({"6.6.6.6", "203.0.113.1"}, trusted), "203.0.113.1");
  EXPECT_EQ(client({"2001:db8::1"}, trusted), "2001:db8::1");
}

TEST(ForwardedClient, is_absent_where_nobody_says_it_or_it_cannot_be_read) {
  const Networks trusted = networks({"10.0.0.0/8"});
  EXPECT_EQ(client({}, trusted), "(none)");
  EXPECT_EQ(client({"10.0.0.1"}, trusted), "(none)");
  EXPECT_EQ(client({"203.0.113.1, unknown"}, trusted), "(none)");
}

TEST(LocalHost, is_localhost_or_any_address) {
  for (const char* host : {"localhost", "LocalHost:80", "app.localhost", "127.0.0.1",
                           "127.0.0.1:8440", "[::1]", "[::1]:8440", "192.0.2.1"}) {
    EXPECT_TRUE(is_local_or_address(host)) << host;
  }
  for (const char* host : {"", "evil.example", "localhost.evil.example", "notlocalhost",
                           ".localhost", "127.0.0.1.evil", "[evil]", "[::1"}) {
    EXPECT_FALSE(is_local_or_address(host)) << host;
  }
}

TEST(AddressTable, gives_each_address_its_share_and_takes_it_back) {
  const auto table = std::make_shared<AddressTable>(2);
  auto first = table->acquire(address("203.0.113.1"));
  auto second = table->acquire(address("203.0.113.1"));
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(table->acquire(address("203.0.113.1")));
  EXPECT_TRUE(table->acquire(address("203.0.113.2")));
  first.reset();
  EXPECT_TRUE(table->acquire(address("203.0.113.1")));
}

TEST(AddressTable, counts_a_whole_ipv6_network_as_one) {
  const auto table = std::make_shared<AddressTable>(1);
  const auto held = table->acquire(address("2001:db8:0:1::1"));
  EXPECT_TRUE(held);
  EXPECT_FALSE(table->acquire(address("2001:db8:0:1:ffff::2")));
  EXPECT_TRUE(table->acquire(address("2001:db8:0:2::1")));
}

TEST(Forgeries, are_counted_by_client_and_forgotten_after_a_minute) {
  Forgeries forgeries(2);
  const Forgeries::Time start{std::chrono::hours(1)};
  const Address attacker = address("2001:db8:0:1::1");
  for (int minute = 0; minute < 3; ++minute) {
    const auto now = start + std::chrono::minutes(minute);
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(forgeries.admit(attacker, now)) << minute;
      forgeries.note(attacker, now);
    }
    EXPECT_FALSE(forgeries.admit(attacker, now + std::chrono::seconds(59)));
    EXPECT_FALSE(forgeries.admit(address("2001:db8:0:1::2"), now)) << "the same network";
    EXPECT_TRUE(forgeries.admit(address("2001:db8:0:2::1"), now));
  }
  for (int i = 0; i < 9; ++i) forgeries.note(address("127.0.0.1"), start);
  EXPECT_TRUE(forgeries.admit(address("127.0.0.1"), start));
}

TEST(AddressTable, has_no_bound_for_loopback) {
  const auto table = std::make_shared<AddressTable>(0);
  EXPECT_TRUE(table->acquire(address("127.0.0.1")));
  EXPECT_TRUE(table->acquire(address("::1")));
  EXPECT_FALSE(table->acquire(address("203.0.113.1")));
}

}  // namespace
}  // namespace dialog::server
