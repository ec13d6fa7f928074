#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dialog/archive/counting_archive.hpp"
#include "dialog/archive/memory_archive.hpp"
#include "dialog/remote/memory_backend.hpp"
#include "dialog/replica/repository.hpp"
#include "support/generator.hpp"

namespace dialog::test {

/// A register that can lose requests and answers, tell no numbers, and keep no history.
class ShakyBackend final : public RevisionBackend {
 public:
  struct Plan {
    bool tells_sequence = true;
    bool keeps_history = true;
    /// Called before and after a swap takes effect; true loses the request, or its answer.
    std::function<bool()> loses_request = {};
    std::function<bool()> loses_answer = {};
    bool is_unreachable = false;
    /// A swap certainly has no effect.
    bool refuses_swaps = false;
  };

  explicit ShakyBackend(Register& shared) : register_(&shared), plan_(std::make_shared<Plan>()) {}

  Plan& plan() { return *plan_; }

 private:
  RemoteResult<std::optional<Revision>> do_revision(const Subject&) const override {
    return std::optional<Revision>{};
  }

  RemoteResult<Head> do_fetch(const Subject& subject, const Context& context) override {
    if (plan_->is_unreachable) return fail(RevisionBackendError(FetchFailed{subject, "no route"}));
    const auto record = register_->read(subject, context);
    if (!record) return fail(RevisionBackendError(ProviderError{subject, record.error().message}));
    if (!*record) return fail(RevisionBackendError(NotFound{subject}));
    return head_of(**record);
  }

  RemoteResult<Head> do_swap(const Subject& subject, const Revision& expected,
                             const Revision& desired, const Context& context) override {
    const RevisionBackendError lost(PublishFailed{subject, "no answer", true});
    if (plan_->refuses_swaps) return fail(RevisionBackendError(Unauthorized{subject, "read only"}));
    if (plan_->loses_request && plan_->loses_request()) return fail(lost);
    const auto outcome =
        register_->swap(subject, {expected, desired, WallTime{0}, {}, false}, context);
    if (!outcome)
      return fail(RevisionBackendError(ProviderError{subject, outcome.error().message}));
    if (plan_->loses_answer && plan_->loses_answer()) return fail(lost);
    if (const auto* accepted = std::get_if<Register::Accepted>(&*outcome))
      return head_of(accepted->record);
    const auto& refused = std::get<Register::Refused>(*outcome);
    if (!refused.actual) return fail(RevisionBackendError(NotFound{subject}));
    return fail(
        RevisionBackendError(RevisionMismatch{subject, expected, refused.actual->revision}));
  }

  RemoteResult<std::optional<HeadHistory>> do_history(const Subject& subject, std::uint64_t after,
                                                      const Context& context) override {
    if (!plan_->keeps_history) return std::optional<HeadHistory>{};
    auto history = register_->history(subject, after, 1000, context);
    if (!history)
      return fail(RevisionBackendError(ProviderError{subject, history.error().message}));
    return std::optional<HeadHistory>(*std::move(history));
  }

  std::unique_ptr<RevisionBackend> do_clone() const override {
    return std::make_unique<ShakyBackend>(*this);
  }

  Head head_of(const HeadRecord& record) const {
    return {record.revision, plan_->tells_sequence ? std::optional(record.sequence) : std::nullopt};
  }

  Register* register_;
  std::shared_ptr<Plan> plan_;
};

/// A remote in memory: a register and an archive that counts what goes through it.
struct TestRemote {
  MemoryRegister head_register;
  MemoryArchive stored;
  CountingArchive blocks{stored};
  Subject subject = Subject::parse("did:web:remote.example").value();
  ShakyBackend backend{head_register};

  RemoteConnection connection(const std::string& name = "origin") {
    return {name, subject, backend, blocks};
  }

  Revision revision() {
    const auto record = head_register.read(subject, {}).value();
    return record ? record->revision : Revision{};
  }
};

/// What an edit made of a branch main. A revision is built only where one is asked for.
class Made {
 public:
  Made(const Repository& repository, std::uint64_t version)
      : repository_(&repository), version_(version) {}

  std::uint64_t version() const { return version_; }
  Revision revision() const {
    const auto revision = repository_->revision_at("main", version_);
    EXPECT_TRUE(revision.has_value()) << revision.error().message;
    return revision.value_or(Revision{});
  }
  operator Revision() const { return revision(); }
  friend bool operator==(const Made& a, const Made& b) { return a.revision() == b.revision(); }

 private:
  const Repository* repository_;
  std::uint64_t version_;
};

/// One repository in memory with a branch main.
class Device {
 public:
  explicit Device(CreateRepository options = {}, OpenRepository open = {})
      : repository_(Repository::create(store_, clock_, options, open).value()) {}

  RepositoryStore& store() { return store_; }
  ManualClock& clock() { return clock_; }
  Repository& repository() { return repository_; }
  Repository* operator->() { return &repository_; }

  Made put(const std::string& key, const std::string& value) {
    return edit([&](Transaction& transaction) { return transaction.put(key, value); });
  }
  Made erase(const std::string& key) {
    return edit([&](Transaction& transaction) { return transaction.erase(key); });
  }
  Made edit(const std::function<Result<void>(Transaction&)>& function) {
    const auto version = repository_.transact("main", function);
    EXPECT_TRUE(version.has_value()) << version.error().message;
    return Made(repository_, version.value_or(0));
  }
  Made put_all(const Model& entries) {
    return edit([&](Transaction& transaction) -> Result<void> {
      for (const auto& [key, value] : entries) DIALOG_TRY(transaction.put(key, value));
      return {};
    });
  }

  /// With nothing pending.
  Branch branch() {
    current();
    return repository_.branch("main").value();
  }
  RemoteTracking tracking(const std::string& remote = "origin") {
    return repository_.branch("main")->tracking_of(remote);
  }
  Revision current() { return repository_.resolve("main").value(); }

  std::optional<Bytes> get(const std::string& key) {
    return repository_.snapshot("main")->get(key).value();
  }
  Model entries(const std::string& branch = "main") {
    return entries_of(repository_.snapshot(branch).value());
  }
  Model entries_at(const Revision& revision) { return entries_of(repository_.snapshot(revision)); }
  static Model entries_of(const Snapshot& snapshot) {
    Model entries;
    const auto cursor = snapshot.cursor();
    auto found = cursor->seek_first();
    while (found && *found) {
      auto value = cursor->value();
      EXPECT_TRUE(value.has_value()) << value.error().message;
      entries[Bytes(cursor->key())] = value.value_or("?");
      found = cursor->next();
    }
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return entries;
  }

 private:
  MemoryRepositoryStore store_;
  ManualClock clock_;
  Repository repository_;
};

/// The stored blocks whose bytes are of some kind.
inline std::vector<Hash> hashes_in(CollectableArchive& archive,
                                   const std::function<bool(ByteView)>& is_wanted) {
  std::vector<Hash> hashes;
  const auto listed = archive.for_each([&](const Hash& hash, ByteView bytes) {
    if (is_wanted(bytes)) hashes.push_back(hash);
    return true;
  });
  EXPECT_TRUE(listed.has_value());
  return hashes;
}
inline std::size_t block_count(CollectableArchive& archive) {
  return hashes_in(archive, [](ByteView) { return true; }).size();
}

/// Enough for a tree of several levels.
inline Model many_entries() {
  Model entries;
  for (int i = 0; i < 5'000; ++i)
    entries["key/" + std::to_string(10'000 + i)] = std::string(50, 'v');
  return entries;
}

}  // namespace dialog::test
