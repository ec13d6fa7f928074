#include <gtest/gtest.h>

#include "dialog/cloud/etcd_config.hpp"

namespace dialog::test {
namespace {

std::string refusal(std::string_view url) {
  const auto address = EtcdAddress::parse(url);
  if (address) return {};
  EXPECT_EQ(address.error().code, ErrorCode::invalid_argument);
  return address.error().message;
}

TEST(EtcdAddress, HasDefaultsForPortAndPrefix) {
  const auto address = EtcdAddress::parse("etcd://Localhost");
  ASSERT_TRUE(address.has_value());
  ASSERT_EQ(address->endpoints().size(), 1U);
  EXPECT_EQ(address->endpoints()[0].text(), "http://localhost:2379");
  EXPECT_EQ(address->prefix(), "dialog");
  EXPECT_EQ(address->text(), "etcd://localhost:2379/dialog");
  EXPECT_TRUE(address->is_loopback());
  EXPECT_FALSE(address->is_tls());
}

TEST(EtcdAddress, NamesSeveralMembersAndAPrefix) {
  const auto address = EtcdAddress::parse("etcd://a:1,b,[::1]:3,[::1]/team/notes/");
  ASSERT_TRUE(address.has_value()) << address.error().message;
  ASSERT_EQ(address->endpoints().size(), 4U);
  EXPECT_EQ(address->endpoints()[1].text(), "http://b:2379");
  EXPECT_EQ(address->endpoints()[3].text(), "http://[::1]:2379");
  EXPECT_EQ(address->prefix(), "team/notes");
  EXPECT_FALSE(address->is_loopback());
  EXPECT_EQ(EtcdAddress::parse(address->text())->text(), address->text());
}

TEST(EtcdAddress, NamesFilesForTls) {
  const auto address = EtcdAddress::parse("etcds://a,b/p?ca=/etc/ca.pem&cert=c.pem&key=k.pem");
  ASSERT_TRUE(address.has_value()) << address.error().message;
  EXPECT_EQ(address->endpoints()[0].text(), "https://a:2379");
  EXPECT_EQ(address->tls_files(), (EtcdAddress::TlsFiles{"/etc/ca.pem", "c.pem", "k.pem"}));
  EXPECT_EQ(address->text(), "etcds://a:2379,b:2379/p?ca=/etc/ca.pem&cert=c.pem&key=k.pem");
  EXPECT_EQ(EtcdAddress::parse(address->text())->text(), address->text());
}

TEST(EtcdAddress, RefusesWhatItCannotMean) {
  for (const char* url : {"",
                          "http://a",
                          "etcd:",
                          "etcd://",
                          "etcd://a,",
                          "etcd://a,,b",
                          "etcd://a,a:2379",
                          "etcd://a:0",
                          "etcd://a:65536",
                          "etcd://a b",
                          "etcd://a/p%41",
                          "etcd://a/p q",
                          "etcd://a/p?",
                          "etcd://a?ca=f",
                          "etcds://a?ca=",
                          "etcds://a?ca=f&ca=f",
                          "etcds://a?x=f",
                          "etcds://a?cert=f",
                          "etcds://a?key=f",
                          "etcds://a?ca=f&",
                          "etcd://a#f",
                          "ETCD://a"}) {
    EXPECT_NE(refusal(url), "") << url;
  }
  std::string many = "etcd://h0";
  for (int i = 1; i <= 16; ++i) many += ",h" + std::to_string(i);
  EXPECT_NE(refusal(many), "");
  EXPECT_NE(refusal("etcd://a/" + std::string(257, 'p')), "");
}

TEST(EtcdAddress, RefusesCredentialsWithoutRepeatingThem) {
  const std::string message = refusal("etcd://root:secret@a,b");
  EXPECT_NE(message, "");
  EXPECT_EQ(message.find("secret"), std::string::npos);
  EXPECT_EQ(refusal("etcd://a,root:secret@b").find("secret"), std::string::npos);
}

}  // namespace
}  // namespace dialog::test
