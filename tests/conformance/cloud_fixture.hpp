#pragma once

#include <cstdint>
#include <memory>

#include "archive_fixture.hpp"
#include "backend_memory_fixture.hpp"
#include "dialog/remote/composed_server_store.hpp"
#include "dialog/remote/register_backend.hpp"
#include "register_fixture.hpp"
#include "removal_suite.hpp"
#include "server_store_fixture.hpp"
#include "support/subjects.hpp"

// What the suites need of services of others: all of it follows from the few things that a `Cloud`
// has, be it a stand-in or a real one. An object of it is a place of its own with nothing in it,
// and its clock is the system's.
//
//   std::shared_ptr<SharedRegister> heads();      a new register over it, which remembers nothing
//   static std::uint64_t history_kept();          how many swaps of a subject
//   std::shared_ptr<RevocationStore> revocations();
//   std::unique_ptr<Archive> archive(subject);    where it keeps blocks
//   std::shared_ptr<SharedArchives> archives();

namespace dialog::test {

/// Another process that opens the register is one that remembers nothing.
template <class Cloud>
class CloudRegisterFixture final : public RegisterFixture {
 public:
  Register& heads() override { return *heads_; }
  void reopen() override { heads_ = cloud_.heads(); }

 private:
  Cloud cloud_;
  std::shared_ptr<Register> heads_ = cloud_.heads();
};

/// The same for what only a register that is shared has.
template <class Cloud>
class CloudRemovalFixture final : public SharedRegisterFixture {
 public:
  SharedRegister& heads() override { return *heads_; }
  void reopen() override { heads_ = cloud_.heads(); }

 private:
  Cloud cloud_;
  std::shared_ptr<SharedRegister> heads_ = cloud_.heads();
};

/// Backends that share one register, as those of one process do.
template <class Cloud>
class CloudBackendFixture final : public BackendFixture {
 public:
  std::unique_ptr<RevisionBackend> connect() override {
    return std::make_unique<RegisterBackend>(register_);
  }
  Clock& clock() override { return system_clock(); }
  std::uint64_t calls() override { return register_->calls; }
  void lose_next_answer() override { register_->lose_answer = true; }
  void lose_next_request() override { register_->lose_request = true; }
  bool has_history() override { return true; }
  std::uint64_t history_max() override { return Cloud::history_kept(); }

 private:
  Cloud cloud_;
  std::shared_ptr<LosingRegister> register_ = std::make_shared<LosingRegister>(cloud_.heads());
};

template <class Cloud>
class CloudArchiveFixture final : public ArchiveFixture {
 public:
  Archive& archive() override { return *archive_; }
  void reopen() override { archive_ = cloud_.archive(subject_named("one")); }

 private:
  Cloud cloud_;
  std::unique_ptr<Archive> archive_ = cloud_.archive(subject_named("one"));
};

/// A server's store that stands on it.
template <class Cloud>
class CloudServerStoreFixture final : public ServerStoreFixture {
 public:
  ServerStore& store() override { return *store_; }
  void reopen() override { store_ = open(); }

 private:
  std::unique_ptr<ServerStore> open() {
    return std::make_unique<ComposedServerStore>(
        ComposedServerStore::Parts{cloud_.heads(), cloud_.archives(), cloud_.revocations()});
  }

  Cloud cloud_;
  std::unique_ptr<ServerStore> store_ = open();
};

/// A store of this machine alone, of which a server takes one half.
class LocalParts {
 public:
  std::shared_ptr<SharedRegister> heads() { return heads_of(store_); }
  std::shared_ptr<RevocationStore> revocations() { return revocations_of(store_); }
  std::shared_ptr<SharedArchives> archives() { return archives_of(store_); }

 private:
  std::shared_ptr<ServerStore> store_ = std::make_shared<MemoryServerStore>();
};

/// One that keeps the heads, and another that keeps the blocks.
template <class Heads, class Blocks>
class TwoClouds {
 public:
  std::shared_ptr<SharedRegister> heads() { return heads_.heads(); }
  std::shared_ptr<RevocationStore> revocations() { return heads_.revocations(); }
  std::shared_ptr<SharedArchives> archives() { return blocks_.archives(); }

 private:
  Heads heads_;
  Blocks blocks_;
};

}  // namespace dialog::test
