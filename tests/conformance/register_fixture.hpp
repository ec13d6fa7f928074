#pragma once

#include "dialog/remote/register.hpp"
#include "support/factory.hpp"

namespace dialog::test {

/// A register with nothing in it, as the suites of `Register` see it.
class RegisterFixture : public Fixture {
 public:
  /// Valid until `reopen`.
  virtual Register& heads() = 0;
  /// Closes and opens what is durable.
  virtual void reopen() = 0;
};

}  // namespace dialog::test
