#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "dialog/backends/lmdb_repository_store.hpp"
#include "support/first_fault.hpp"
#include "support/generator.hpp"

// Numbered commits to a repository, and what must be there after any number of them.

namespace dialog::test {

inline LmdbOptions ensure() {
  LmdbOptions options;
  options.open = StoreOpen::ensure;
  return options;
}

/// The block that belongs to the record with this number.
inline Block block_of(int number) {
  Generator generator(static_cast<std::uint64_t>(number));
  return Block::of(std::to_string(number) + ":" + generator.bytes(generator.below(9000)));
}

/// Puts a block and commits a record that names it; every fifth time takes an older record away.
inline Result<bool> commit(LmdbRepositoryStore& store, int number) {
  const Block block = block_of(number);
  DIALOG_TRY(store.archive().put({&block, 1}));
  std::vector<RecordChange> changes{
      {"record/" + std::to_string(number), std::nullopt, Bytes(block.hash().bytes())}};
  if (number % 5 == 4) {
    changes.push_back({"record/" + std::to_string(number - 3),
                       Bytes(block_of(number - 3).hash().bytes()), std::nullopt});
  }
  return store.heads().commit(changes);
}

inline bool is_removed_by(int number, int last) { return number % 5 == 1 && number + 3 <= last; }

/// Checks the store, that it holds every record up to `acknowledged` that was not taken away, each
/// with its block, and that of what came after it holds all or nothing.
inline void expect_whole(LmdbRepositoryStore& store, int acknowledged) {
  const auto checked = first_fault(store);
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  const auto records = store.heads().list({}).value();
  std::set<std::string> found;
  int last = acknowledged;
  for (const Record& record : records) {
    found.insert(record.key);
    last = std::max(last, std::stoi(record.key.substr(std::strlen("record/"))));
    const auto block = store.archive().get_one(*Hash::from_bytes(record.value));
    ASSERT_TRUE(block.has_value() && block->has_value()) << record.key << " lost its block";
  }
  EXPECT_LE(last, acknowledged + 1);
  for (int number = 0; number <= last; ++number) {
    EXPECT_EQ(found.contains("record/" + std::to_string(number)), !is_removed_by(number, last))
        << number << " with " << acknowledged << " acknowledged";
  }
}

}  // namespace dialog::test
