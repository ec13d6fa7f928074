#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "dialog/base/clock.hpp"
#include "dialog/remote/revision_backend.hpp"
#include "support/factory.hpp"
#include "support/subjects.hpp"

namespace dialog::test {

/// One register with nothing in it, as the suites of `RevisionBackend` see it.
class BackendFixture : public Fixture {
 public:
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

}  // namespace dialog::test
