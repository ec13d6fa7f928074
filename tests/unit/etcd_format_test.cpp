#include "dialog/cloud/etcd_revocations.hpp"
#include "etcd_fixture.hpp"
#include "golden/etcd_txt.hpp"

namespace dialog::test {
namespace {

class CountingRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) octet = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

/// Two swaps, a look and a page of the history, as `docs/format/etcd.md` describes them.
class EtcdFormat : public EtcdTest {
 protected:
  EtcdFormat() {
    EtcdOptions options;
    options.history_kept = 1;
    auto heads = EtcdRegister::create(*EtcdAddress::parse("etcd://one/team/notes"), options,
                                      {cluster_, &clock_, &random_});
    DIALOG_CHECK(heads.has_value(), "a register");
    heads_ = *std::move(heads);
  }

  void note(const std::string& name, const std::string& value) {
    lines_.push_back(name + " " + value);
  }
  void note_request(const std::string& name) { note(name, cluster_->last_body()); }
  void note_contents(const std::string& when) {
    for (const auto& [key, value] : cluster_->contents()) {
      note("key-" + when, key);
      note("value-" + when, value);
    }
  }

  void note_revocations() {
    auto made = EtcdRevocations::create(*EtcdAddress::parse("etcd://one/team/notes"), {},
                                        {cluster_, &clock_, &random_});
    const auto revoked = [](char digit, std::int64_t expires) {
      return Revocation{*Hash::from_hex(std::string(64, digit)), std::chrono::seconds(expires)};
    };
    ASSERT_TRUE((*made)->list(did_key_, {}));
    note_request("look-at-revocations");
    ASSERT_TRUE((*made)->add(did_key_, {revoked('2', 1'700'000'000)}, {}));
    note_request("revocation");
    ASSERT_TRUE((*made)->add(did_key_, {revoked('1', 1'700'000'100)}, {}));
    note_request("second-revocation");
  }

  const Subject did_key_ =
      *Subject::parse("did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi");
  CountingRandom random_;
  std::unique_ptr<EtcdRegister> heads_;
  std::vector<std::string> lines_;
};

TEST_F(EtcdFormat, IsTheOneOfTheVectors) {
  const auto one = *Revision::from_hex(std::string(64, '1'));
  const auto two = *Revision::from_hex(std::string(64, '2'));
  note("did", did_key_.did());
  ASSERT_TRUE(heads_->swap(did_key_, {{}, one, WallTime(1'700'000'000'000), "", false}, {}));
  note_request("first-swap");
  note_contents("after-first");
  ASSERT_TRUE(
      heads_->swap(did_key_, {one, two, WallTime(1'700'000'000'001), "al\"ice\\", false}, {}));
  note_request("second-swap");
  note_contents("after-second");
  ASSERT_TRUE(heads_->read(did_key_, {}));
  note_request("look");
  ASSERT_TRUE(heads_->history(did_key_, 1, 10, {}));
  note_request("history-after-1");
  ASSERT_TRUE(heads_->begin_removal(did_key_, false, {}));
  note_request("removal");
  ASSERT_TRUE(heads_->end_removal(did_key_, {}));
  note_request("end-of-removal");
  const auto three = *Revision::from_hex(std::string(64, '3'));
  ASSERT_TRUE(heads_->swap(did_key_, {{}, three, WallTime(1'700'000'000'002), "", false}, {}));
  note_request("swap-after-removal");
  ASSERT_TRUE(heads_->list({}, 10, {}));
  note_request("list");
  ASSERT_TRUE(heads_->list(did_key_.id(), 10, {}));
  note_request("list-after");
  note_revocations();
  ASSERT_TRUE(heads_->probe({}));
  note_request("probe");

  std::vector<std::string> expected;
  for (const std::string_view line : golden::etcd_txt) {
    if (!line.starts_with("#")) expected.emplace_back(line);
  }
  EXPECT_EQ(lines_, expected);
}

}  // namespace
}  // namespace dialog::test
