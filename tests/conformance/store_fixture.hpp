#pragma once

#include "support/factory.hpp"

namespace dialog {
class RepositoryStore;
class ServerStore;
}  // namespace dialog

namespace dialog::test {

/// A `RepositoryStore` or a `ServerStore` with nothing in it, as their suites see it.
template <class Store>
class StoreFixture : public Fixture {
 public:
  /// Valid until `reopen`.
  virtual Store& store() = 0;
  /// Closes and opens what is durable.
  virtual void reopen() = 0;
};
using RepositoryStoreFixture = StoreFixture<RepositoryStore>;
using ServerStoreFixture = StoreFixture<ServerStore>;

}  // namespace dialog::test
