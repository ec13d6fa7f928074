#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "dialog/base/check.hpp"
#include "process/counts.hpp"
#include "process/lanes.hpp"
#include "process/subject_lanes.hpp"

// A process that uses a store: `store_worker <command> log|lmdb <folder> <number of the folder>
// <number>...`. It says on its standard output what it has done, one line each.

namespace dialog::test {
namespace {

constexpr int kLostExitCode = 99;

struct Task {
  std::string kind;
  std::string folder;
  std::uint64_t folder_number = 0;
  std::vector<int> numbers;
};

void say(const std::string& line) {
  // One write is one piece, whoever else writes.
  const std::string text = line + "\n";
  DIALOG_CHECK(write(STDOUT_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
               "a line on the standard output");
}

void say_error(const Error& error) {
  say("error " + std::string(error_row(error.code).name) + " " + error.message);
}

[[noreturn]] void give_up(const Error& error) {
  say_error(error);
  std::_Exit(error_row(error.code).exit_code);
}

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Commits in several lanes until it is killed, or cannot go on. The numbers: of the first lane,
/// and how many.
int run_lanes(const Task& task) {
  say("begins");
  const auto store = must(open_store(task.kind, task.folder, task.folder_number));
  const auto work = [&](int number) {
    const Lane lane(task.folder_number, number);
    int last = must(lane.last(store->heads()));
    say("found " + std::to_string(number) + " " + std::to_string(last));
    while (true) {
      const int count = 1 + (last + number + 1) % Lane::kPipelineMax;
      must(lane.commit(*store, last + 1, count));
      last += count;
      say(std::to_string(number) + " " + std::to_string(last));
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < task.numbers.at(1); ++i) threads.emplace_back(work, task.numbers.at(0) + i);
  return 0;
}

/// Publishes on a server's store in several lanes until it is killed, or cannot go on. The numbers:
/// of the first lane, and how many.
int run_subjects(const Task& task) {
  say("begins");
  const auto store = must(open_server_store(task.folder, task.folder_number));
  const auto work = [&](int number) {
    const SubjectLane lane(task.folder_number, number);
    const std::string name = std::to_string(number) + " ";
    int step = must(lane.last(*store));
    say("found " + name + std::to_string(step));
    while (true) {
      ++step;
      must(lane.put_blocks(*store, step));
      say("flushed " + name + std::to_string(step));
      must(lane.swap(*store, step));
      say(name + std::to_string(step));
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < task.numbers.at(1); ++i) threads.emplace_back(work, task.numbers.at(0) + i);
  return 0;
}

/// Tries so many commits in one lane, and reads everything back. Goes on after an error.
int try_steps(const Task& task) {
  const auto store = must(open_store(task.kind, task.folder, task.folder_number));
  const Lane lane(task.folder_number, 0);
  int exit_code = 0;
  const auto note = [&](const Error& error) {
    say_error(error);
    if (exit_code == 0) exit_code = error_row(error.code).exit_code;
  };
  int last = must(lane.last(store->heads()));
  for (int attempt = 0; attempt < task.numbers.at(0); ++attempt) {
    const auto committed = lane.commit(*store, last + 1, 1);
    if (committed) {
      ++last;
      say("0 " + std::to_string(last));
      continue;
    }
    note(committed.error());
    // What shows as durable must stay.
    const auto durable = lane.last(store->heads());
    if (!durable || *durable == last) continue;
    last = *durable;
    say("shown " + std::to_string(last));
  }
  const auto fault = lane.find_fault(*store, last);
  if (!fault) {
    note(fault.error());
  } else if (*fault) {
    say("lost " + **fault);
    return kLostExitCode;
  }
  return exit_code;
}

/// Adds to shared counters and commits in a lane of its own, by turns, until it is killed.
int count_on(const Task& task) {
  const auto store = must(open_store(task.kind, task.folder, task.folder_number));
  const int number = task.numbers.at(0);
  const Lane lane(task.folder_number, number);
  int last = must(lane.last(store->heads()));
  for (int done = must(counted_by(store->heads(), number));;) {
    const auto committed = lane.commit(*store, last + 1, 1);
    if (committed) {
      say("step " + std::to_string(++last));
    } else {
      // What the one before had written when it was killed may show only now.
      const int seen = must(lane.last(store->heads()));
      if (committed.error().code != ErrorCode::conflict || seen != last + 1) {
        give_up(committed.error());
      }
      last = seen;
    }
    must(count_one(store->heads(), number));
    say("count " + std::to_string(++done));
  }
}

/// Reads what `count_on` writes in other processes, until it is killed; the number is theirs.
int watch(const Task& task) {
  const auto store = must(open_store(task.kind, task.folder, task.folder_number));
  const int workers = task.numbers.at(0);
  Counts before;
  Counts said;
  std::vector<int> steps(static_cast<std::size_t>(workers), -1);
  for (int looks = 1;; ++looks) {
    const Counts now = must(counts(store->heads()));
    if (now.by_worker != now.by_counter) say("wrong the sums differ in one snapshot");
    if (now.by_worker < before.by_worker) say("wrong a sum went back");
    before = now;
    const int number = looks % workers;
    const Lane lane(task.folder_number, number);
    int& step = steps[static_cast<std::size_t>(number)];
    const int seen = must(lane.last(store->heads()));
    if (seen < step) say("wrong a lane went back");
    step = seen;
    if (seen >= 0) {
      if (const auto fault = must(lane.find_fault_at(*store, seen))) say("wrong " + *fault);
    }
    if (looks % 100 != 0) continue;
    say("looks " + std::to_string(looks));
    if (now.by_counter != said.by_counter) say("sum " + std::to_string(now.by_counter));
    said = now;
  }
}

/// Submits the first step of a lane, which is the number, and does not wait for it until SIGUSR1
/// comes: so long it keeps the right to write.
int keep_right(const Task& task) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  const auto store = must(open_store(task.kind, task.folder, task.folder_number));
  const Lane lane(task.folder_number, task.numbers.at(0));
  const auto ticket = must(lane.submit(*store, 0));
  say("keeps");
  int signal = 0;
  sigwait(&awaited, &signal);
  must(store->heads().wait(ticket));
  say("done");
  return 0;
}

/// Checks the store, and says where the lanes end; the numbers are the last steps of them that were
/// acknowledged.
int check(const Task& task) {
  const auto store = must(open_store(task.kind, task.folder, task.folder_number));
  auto fault = must(find_broken_block(*store));
  for (std::size_t i = 0; i < task.numbers.size() && !fault; ++i) {
    const Lane lane(task.folder_number, static_cast<int>(i));
    fault = must(lane.find_fault(*store, task.numbers[i]));
    say(std::to_string(i) + " " + std::to_string(must(lane.last(store->heads()))));
  }
  if (fault) say("lost " + *fault);
  return fault ? kLostExitCode : 0;
}

}  // namespace
}  // namespace dialog::test

int main(int count, char** words) {
  using namespace dialog::test;
  const std::map<std::string, std::function<int(const Task&)>> commands{
      {"lanes", run_lanes},          {"subjects", run_subjects},
      {"steps", try_steps},          {"check", check},
      {"count", count_on},           {"keep", keep_right},
      {"watch", dialog::test::watch}};
  const auto command = commands.find(count > 4 ? words[1] : "");
  if (command == commands.end()) return 64;
  Task task{words[2], words[3], std::stoull(words[4]), {}};
  for (int i = 5; i < count; ++i) task.numbers.push_back(std::stoi(words[i]));
  return command->second(task);
}
