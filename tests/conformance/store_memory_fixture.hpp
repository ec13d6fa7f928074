#pragma once

#include "dialog/remote/memory_backend.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/replica/head_store.hpp"
#include "register_fixture.hpp"
#include "server_store_fixture.hpp"
#include "store_fixture.hpp"

namespace dialog::test {

/// The stores in memory for the suites of `Register`, `ServerStore` and `RepositoryStore`. There is
/// nothing to reopen.
class MemoryRegisterFixture final : public RegisterFixture {
 public:
  Register& heads() override { return heads_; }
  void reopen() override {}

 private:
  MemoryRegister heads_;
};

class MemoryServerStoreFixture final : public ServerStoreFixture {
 public:
  ServerStore& store() override { return store_; }
  void reopen() override {}

 private:
  MemoryServerStore store_;
};

class MemoryStoreFixture final : public RepositoryStoreFixture {
 public:
  RepositoryStore& store() override { return store_; }
  void reopen() override {}

 private:
  MemoryRepositoryStore store_;
};

}  // namespace dialog::test
