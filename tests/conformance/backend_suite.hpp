#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <optional>

#include "backend_fixture.hpp"

namespace dialog::test {

/// What every `RevisionBackend` must do.
class BackendConformance : public FixtureTest<BackendFixture> {
 protected:
  std::unique_ptr<RevisionBackend> connect() { return fixture().connect(); }

  /// Publishes `number` over `expected` through a connection of its own.
  void publish(std::uint64_t expected, std::uint64_t number) {
    ASSERT_TRUE(
        connect()->swap(subject_, revision_number(expected), revision_number(number)).has_value());
  }

  std::optional<Revision> recorded() { return recorded(subject_); }

  /// What a new connection finds; absent where nothing was published.
  std::optional<Revision> recorded(const Subject& subject) {
    auto revision = connect()->fetch(subject);
    if (revision) return *revision;
    EXPECT_NE(revision.error().as<NotFound>(), nullptr) << revision.error().message();
    return std::nullopt;
  }

  Context cancelled() {
    const CancelSource source;
    source.cancel();
    return Context{std::nullopt, source.token()};
  }

  Context expired() { return Context{fixture().clock().now(), {}}; }

  const Subject subject_ = subject_named("one");
  const Subject other_ = subject_named("two");
  const Revision zero_{};
  const Revision r1_ = revision_number(1);
  const Revision r2_ = revision_number(2);
  const Revision r3_ = revision_number(3);
};

/// What every `RevisionBackend` must do while several threads use it.
class BackendRaces : public FixtureTest<BackendFixture> {
 protected:
  const Subject subject_ = subject_named("one");
};

}  // namespace dialog::test
