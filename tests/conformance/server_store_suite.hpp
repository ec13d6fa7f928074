#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "archive_suite.hpp"
#include "backend_fixture.hpp"
#include "dialog/remote/server_store.hpp"

namespace dialog::test {

/// What every `ServerStore` must do beside what its register and its archives must. A fixture has
/// `ServerStore& store()`, empty at first, and `void reopen()`, which closes and opens what is
/// durable: `INSTANTIATE_TYPED_TEST_SUITE_P(Name, ServerStoreConformance, Fixture);`. Its parts run
/// under their own suites as `RegisterOf<Fixture>` and `SubjectArchiveFixture<Fixture>`.
template <class Fixture>
class ServerStoreConformance : public testing::Test {
 protected:
  ServerStore& store() { return fixture_.store(); }

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

  Fixture fixture_;
  const Subject one_ = subject_named("one");
  const Subject two_ = subject_named("two");
};

TYPED_TEST_SUITE_P(ServerStoreConformance);

TYPED_TEST_P(ServerStoreConformance, EveryArchiveOfASubjectShowsTheSameBlocks) {
  const auto first = this->store().archive_for(this->one_);
  const auto second = this->store().archive_for(this->one_);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  const Hash hash = this->put(*first, "block");
  EXPECT_EQ(second->has(std::vector{hash}).value(), std::vector<bool>{true});
  EXPECT_TRUE(this->has(this->one_, hash));
}

TYPED_TEST_P(ServerStoreConformance, SubjectsShareNoBlocks) {
  const Hash hash = this->put_and_flush(this->one_, "block");
  EXPECT_FALSE(this->has(this->two_, hash));
  this->put_and_flush(this->two_, "block");
  EXPECT_TRUE(this->has(this->two_, hash));
  EXPECT_TRUE(this->has(this->one_, hash));
}

TYPED_TEST_P(ServerStoreConformance, AFlushedBlockOutlivesTheArchiveThatTookIt) {
  const Hash hash = this->put_and_flush(this->one_, "block");
  for (int i = 0; i < 3'000; ++i) {
    EXPECT_NE(this->store().archive_for(subject_named(std::to_string(i))), nullptr);
  }
  EXPECT_TRUE(this->has(this->one_, hash));
}

TYPED_TEST_P(ServerStoreConformance, WhoeverAsksForASubjectDoesNotPublishIt) {
  EXPECT_FALSE(this->has(this->one_, Hash::of("block")));
  EXPECT_EQ(this->head(this->one_), std::nullopt);
  this->put_and_flush(this->one_, "block");
  EXPECT_EQ(this->head(this->one_), std::nullopt);
}

TYPED_TEST_P(ServerStoreConformance, AHeadNeedsNoBlocks) {
  this->publish(this->one_, 0, 1);
  EXPECT_EQ(this->head(this->one_), revision_number(1));
  EXPECT_EQ(this->head(this->two_), std::nullopt);
}

TYPED_TEST_P(ServerStoreConformance, HeadsAndBlocksOfAllSubjectsAreThereAfterReopening) {
  constexpr std::size_t kSubjects = 40;
  std::vector<Hash> hashes;
  for (std::size_t i = 0; i < kSubjects; ++i) {
    const std::string name = std::to_string(i);
    hashes.push_back(this->put_and_flush(subject_named(name), "block of " + name));
    this->publish(subject_named(name), 0, i + 1);
  }
  this->fixture_.reopen();
  for (std::size_t i = 0; i < kSubjects; ++i) {
    const Subject subject = subject_named(std::to_string(i));
    EXPECT_TRUE(this->has(subject, hashes[i]));
    EXPECT_FALSE(this->has(subject, hashes[(i + 1) % kSubjects]));
    EXPECT_EQ(this->head(subject), revision_number(i + 1));
  }
}

TYPED_TEST_P(ServerStoreConformance, IsWritable) {
  EXPECT_TRUE(this->store().check_writable().has_value());
  this->publish(this->one_, 0, 1);
  EXPECT_TRUE(this->store().check_writable().has_value());
}

TYPED_TEST_P(ServerStoreConformance, SwapsThatComeTogetherComeOneAfterTheOther) {
  const auto swap = [](std::uint64_t from, std::uint64_t to) {
    return Register::Swap{revision_number(from), revision_number(to), {}, "", false};
  };
  const Subject three = subject_named("three");
  this->publish(this->one_, 0, 1);
  const std::vector<Register::Swap> swaps{swap(1, 2), swap(1, 3), swap(0, 7), swap(2, 4),
                                          swap(9, 8)};
  const std::vector<Register::Asked> asked{{this->one_, swaps[0]},
                                           {this->one_, swaps[1]},
                                           {this->two_, swaps[2]},
                                           {this->one_, swaps[3]},
                                           {three, swaps[4]}};
  const auto outcomes = this->store().head_register().swap_all(asked, {});
  ASSERT_EQ(outcomes.size(), asked.size());
  for (const auto& outcome : outcomes) ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  for (const std::size_t accepted : {0U, 2U, 3U}) {
    ASSERT_TRUE(std::holds_alternative<Register::Accepted>(*outcomes[accepted])) << accepted;
  }
  EXPECT_EQ(std::get<Register::Accepted>(*outcomes[3]).record.previous, revision_number(2));
  EXPECT_EQ(std::get<Register::Accepted>(*outcomes[3]).record.sequence, 3U);
  // What it lost against, or what came after that and is durable, too.
  const auto& lost = std::get<Register::Refused>(*outcomes[1]).actual;
  ASSERT_TRUE(lost.has_value());
  EXPECT_TRUE(lost->revision == revision_number(2) || lost->revision == revision_number(4));
  EXPECT_FALSE(std::get<Register::Refused>(*outcomes[4]).actual.has_value());
  this->fixture_.reopen();
  EXPECT_EQ(this->head(this->one_), revision_number(4));
  EXPECT_EQ(this->head(this->two_), revision_number(7));
}

REGISTER_TYPED_TEST_SUITE_P(ServerStoreConformance, SwapsThatComeTogetherComeOneAfterTheOther,
                            EveryArchiveOfASubjectShowsTheSameBlocks, SubjectsShareNoBlocks,
                            AFlushedBlockOutlivesTheArchiveThatTookIt,
                            WhoeverAsksForASubjectDoesNotPublishIt, AHeadNeedsNoBlocks,
                            HeadsAndBlocksOfAllSubjectsAreThereAfterReopening, IsWritable);

/// The register of a store, for the suites of `Register`.
template <class Stores>
class RegisterOf {
 public:
  Register& heads() { return stores_.store().head_register(); }
  void reopen() { stores_.reopen(); }

 private:
  Stores stores_;
};

/// The archive of one subject among others, for the suites of `Archive`.
template <class Stores>
class SubjectArchiveFixture final : public ArchiveFixture {
 public:
  SubjectArchiveFixture() {
    // Neighbours that must not show.
    for (const char* const name : {"two", "three", "four"}) {
      const Block block = Block::of(name);
      const auto neighbour = stores_.store().archive_for(subject_named(name));
      DIALOG_CHECK(neighbour->put({&block, 1}) && neighbour->flush(), "a neighbour's block");
    }
    connect();
  }
  Archive& archive() override { return *archive_; }
  void reopen() override {
    archive_.reset();
    stores_.reopen();
    connect();
  }

 private:
  void connect() { archive_ = stores_.store().archive_for(subject_named("one")); }

  Stores stores_;
  std::shared_ptr<Archive> archive_;
};

}  // namespace dialog::test
