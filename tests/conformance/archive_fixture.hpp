#pragma once

#include <gtest/gtest.h>

#include "dialog/archive/archive.hpp"
#include "dialog/base/clock.hpp"
#include "support/factory.hpp"

namespace dialog::test {

/// An archive and whatever it needs to live: a folder, a server, the archives below it.
class ArchiveFixture : public Fixture {
 public:
  /// Valid until `reopen`.
  virtual Archive& archive() = 0;
  /// The same object, for CollectableArchiveConformance.
  virtual CollectableArchive* collectable() { return nullptr; }
  /// For DurableArchiveConformance: closes the archive and opens it again on what was stored.
  virtual void reopen() { ADD_FAILURE() << "this fixture does not reopen"; }
  /// The clock on which the archive measures deadlines.
  virtual Clock& clock() { return system_clock(); }
};

}  // namespace dialog::test
