#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "dialog/base/check.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/remote/revision_backend.hpp"

namespace dialog::test {

/// One register with nothing in it, as the conformance suites of `RevisionBackend` see it. An
/// implementation is tested by deriving from this class and naming the derived one to the suites.
class BackendFixture {
 public:
  BackendFixture() = default;
  BackendFixture(const BackendFixture&) = delete;
  BackendFixture& operator=(const BackendFixture&) = delete;
  virtual ~BackendFixture() = default;

  /// A new connection to the register, with an empty cache.
  virtual std::unique_ptr<RevisionBackend> connect() = 0;

  /// The clock that the backends measure deadlines on.
  virtual Clock& clock() = 0;

  /// How many times any backend turned to the register, over whatever lies between.
  virtual std::uint64_t calls() = 0;

  /// The next call takes effect, but its answer does not arrive. Does not apply to what a backend
  /// may repeat by itself.
  virtual void lose_next_answer() = 0;

  /// The next call fails before it reaches the register, in a way that the backend cannot tell from
  /// a lost answer.
  virtual void lose_next_request() = 0;

  /// Whether the register tells sequence numbers and history.
  virtual bool has_history() = 0;

  /// How many swaps of a subject the history keeps at least.
  virtual std::uint64_t history_max() { return std::numeric_limits<std::uint64_t>::max(); }
};

inline Subject subject_named(std::string_view name) {
  auto subject = Subject::parse("did:web:example.com:" + std::string(name));
  DIALOG_CHECK(subject.has_value(), "the name of a test's subject");
  return *std::move(subject);
}

/// Any number gives another revision; 0 gives zeros.
inline Revision revision_number(std::uint64_t number) {
  return number == 0 ? Revision() : Revision(Hash::of(std::to_string(number)));
}

}  // namespace dialog::test
