#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <variant>
#include <vector>

#include "dialog/backends/lmdb_server_store.hpp"
#include "lmdb_environment.hpp"
#include "lmdb_workload.hpp"
#include "support/subjects.hpp"

// A second process that uses a store: `lmdb_worker <command> <folder> [<number>]`. It says on its
// standard output what it has done, one line each.

namespace dialog::test {
namespace {

void say(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const std::string text = line + "\n";
  DIALOG_CHECK(write(STDOUT_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
               "a line on the standard output");
}

void wait_to_be_killed() {
  // By a test that waits in vain, too.
  alarm(60);
  for (;;) pause();
}

template <class T>
T must(Result<T> result) {
  DIALOG_CHECK(result.has_value(), result.error().message.c_str());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Commits from `number` on until it is killed.
void commit_on(const std::string& folder, int number) {
  const auto store = must(LmdbRepositoryStore::open(folder, ensure()));
  for (;; ++number) {
    DIALOG_CHECK(must(commit(*store, number)), "nobody else writes");
    say(std::to_string(number));
  }
}

/// Moves the heads of several subjects on, from several threads, until it is killed.
void swap_on(const std::string& folder, int) {
  const auto store = must(LmdbServerStore::open(folder, ensure()));
  const auto work = [&](const std::string& name) {
    const Subject subject = subject_named(name);
    const auto head = must(store->head_register().read(subject, {}));
    const auto archive = store->archive_for(subject);
    for (std::uint64_t number = head ? head->sequence : 0;; ++number) {
      const Block block = Block::of(name + "/" + std::to_string(number + 1));
      must(archive->put({&block, 1}));
      must(archive->flush());
      const Register::Swap swap{
          revision_number(number), revision_number(number + 1), {}, "", false};
      const auto outcome = must(store->head_register().swap(subject, swap, {}));
      DIALOG_CHECK(std::holds_alternative<Register::Accepted>(outcome), "nobody else writes");
      say(name + " " + std::to_string(number + 1));
    }
  };
  std::vector<std::jthread> threads;
  for (const char* const name : {"one", "two", "three"}) threads.emplace_back(work, name);
}

void count(const std::string& folder, int times) {
  const auto store = must(LmdbRepositoryStore::open(folder));
  for (int won = 0; won < times;) {
    const auto seen = must(store->heads().read("counter"));
    const RecordChange change{"counter", seen, std::to_string(std::stoi(*seen) + 1)};
    if (must(store->heads().commit({&change, 1}))) ++won;
  }
  say("counted");
}

/// Stores as many blocks of 100,000 bytes.
void grow(const std::string& folder, int blocks) {
  const auto store = must(LmdbRepositoryStore::open(folder));
  for (int i = 0; i < blocks; ++i) {
    const Block block = Block::of(std::to_string(i) + std::string(100'000, 'x'));
    must(store->archive().put({&block, 1}));
  }
  must(store->archive().flush());
  say("grown");
}

void hold_lease(const std::string& folder, int) {
  const auto store = must(LmdbRepositoryStore::open(folder));
  const auto lease = must(store->lease(LeaseKind::write));
  say("held");
  wait_to_be_killed();
}

void hold_quarantine(const std::string& folder, int) {
  LmdbOptions options;
  options.quarantine_bytes_max = 0;
  const auto store = must(LmdbRepositoryStore::open(folder, options));
  const auto quarantine = must(store->make_quarantine());
  const Block block = Block::of("unproven");
  must(quarantine->put({&block, 1}));
  say("held");
  wait_to_be_killed();
}

/// Stands in the middle of a transaction.
void hold_writer(const std::string& folder, int) {
  class Standstill final : public lmdb::Job {
    Result<void> apply(lmdb::WriteTransaction&) override {
      say("held");
      wait_to_be_killed();
      return {};
    }
  } job;
  must(must(lmdb::Environment::open(folder, lmdb::Purpose::repository, {}))->run(job));
}

void hold_snapshot(const std::string& folder, int) {
  const auto store = must(LmdbRepositoryStore::open(folder));
  must(store->archive().for_each([](const Hash&, ByteView) {
    say("held");
    wait_to_be_killed();
    return false;
  }));
}

}  // namespace
}  // namespace dialog::test

int main(int count, char** words) {
  using namespace dialog::test;
  const std::map<std::string, std::function<void(const std::string&, int)>> commands{
      {"commit", commit_on},          {"swap", swap_on},
      {"count", dialog::test::count}, {"grow", grow},
      {"lease", hold_lease},          {"quarantine", hold_quarantine},
      {"snapshot", hold_snapshot},    {"writer", hold_writer}};
  const auto command = commands.find(count > 2 ? words[1] : "");
  if (command == commands.end()) return 64;
  command->second(words[2], count > 3 ? std::stoi(words[3]) : 0);
  return 0;
}
