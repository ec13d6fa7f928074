#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server_store_fixture.hpp"

namespace dialog::test {

/// What every `ServerStore` must do beside what its register and its archives must, which run under
/// suites of their own as `RegisterOf` and `SubjectArchiveFixture`.
class ServerStoreConformance : public FixtureTest<ServerStoreFixture> {
 protected:
  ServerStore& store() { return fixture().store(); }

  static Hash put(Archive& archive, const std::string& text) {
    const Block block = Block::of(text);
    const auto stored = archive.put({&block, 1});
    EXPECT_TRUE(stored.has_value()) << stored.error().message;
    return block.hash();
  }
  Hash put_and_flush(const Subject& subject, const std::string& text) {
    const auto archive = store().archive_for(subject);
    const Hash hash = put(*archive, text);
    EXPECT_TRUE(archive->flush().has_value());
    return hash;
  }
  bool has(const Subject& subject, const Hash& hash) {
    const auto present = store().archive_for(subject)->has(std::vector{hash});
    EXPECT_TRUE(present.has_value()) << present.error().message;
    return present && present->front();
  }
  void publish(const Subject& subject, std::uint64_t from, std::uint64_t to) {
    const Register::Swap swap{revision_number(from), revision_number(to), {}, "", false};
    const auto outcome = store().head_register().swap(subject, swap, {});
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_TRUE(std::holds_alternative<Register::Accepted>(*outcome));
  }
  std::optional<Revision> head(const Subject& subject) {
    const auto record = store().head_register().read(subject, {});
    EXPECT_TRUE(record.has_value()) << record.error().message;
    if (!record || !*record) return std::nullopt;
    return (*record)->revision;
  }

  const Subject one_ = subject_named("one");
  const Subject two_ = subject_named("two");
};

}  // namespace dialog::test
