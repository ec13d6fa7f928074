#pragma once

#include "dialog/remote/memory_backend.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog::test {

/// The stores in memory for the suites of `Register`, `ServerStore` and `RepositoryStore`. There is
/// nothing to reopen.
class MemoryRegisterFixture {
 public:
  Register& heads() { return heads_; }
  void reopen() {}

 private:
  MemoryRegister heads_;
};

class MemoryServerStoreFixture {
 public:
  ServerStore& store() { return store_; }
  void reopen() {}

 private:
  MemoryServerStore store_;
};

class MemoryStoreFixture {
 public:
  RepositoryStore& store() { return store_; }
  void reopen() {}

 private:
  MemoryRepositoryStore store_;
};

}  // namespace dialog::test
