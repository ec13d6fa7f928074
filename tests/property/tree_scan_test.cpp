#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

using Entries = std::vector<std::pair<Bytes, Bytes>>;

bool in_range(const Bytes& key, const ScanRange& range) {
  return (!range.from || key >= *range.from) && (!range.to || key < *range.to) &&
         key.compare(0, range.prefix.size(), range.prefix) == 0;
}

Entries model_scan(const Model& model, const ScanRange& range) {
  Entries entries;
  for (const auto& entry : model) {
    if (in_range(entry.first, range)) entries.push_back(entry);
  }
  if (range.reverse) std::reverse(entries.begin(), entries.end());
  if (range.limit && entries.size() > *range.limit)
    entries.resize(static_cast<std::size_t>(*range.limit));
  return entries;
}

TEST(TreeScanProperty, EqualsTheScanOfTheModel) {
  for_each_seed(30, [](Generator& generator) {
    WatchedArchive archive;
    NodeSource source(archive, generator.chance(1, 2) ? std::size_t{0} : std::size_t{1} << 20U);
    const Model model = generator.entries(below(generator, 3'000));
    const Hash root = build(archive, model);
    for (int i = 0; i < 30; ++i) {
      ScanRange range;
      if (generator.chance(1, 2)) range.from = some_bound(generator, model);
      if (generator.chance(1, 2)) range.to = some_bound(generator, model);
      if (generator.chance(1, 3))
        range.prefix = some_bound(generator, model).substr(0, below(generator, 6));
      range.reverse = generator.chance(1, 2);
      if (generator.chance(1, 3)) range.limit = generator.below(50);
      ASSERT_TRUE(entries_of(source, root, range) == model_scan(model, range));
    }
  });
}

TEST(TreeScanProperty, ACursorGoesWhereAnIteratorWould) {
  for_each_seed(20, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    const Model model = generator.chance(1, 2) ? generator.entries(1'500) : deep_entries(300, 900);
    const Hash root = build(archive, model);
    Cursor cursor(source, root);
    auto expected = model.end();
    for (int i = 0; i < 600; ++i) {
      bool stands = false;
      if (expected == model.end() || generator.chance(1, 8)) {
        const Bytes key = some_bound(generator, model);
        expected = model.lower_bound(key);
        if (generator.chance(1, 2)) {
          stands = cursor.seek(key).value();
        } else {
          stands = cursor.seek_before(key).value();
          expected = expected == model.begin() ? model.end() : std::prev(expected);
        }
      } else if (generator.chance(1, 2)) {
        stands = cursor.next().value();
        ++expected;
      } else {
        stands = cursor.prev().value();
        expected = expected == model.begin() ? model.end() : std::prev(expected);
      }
      ASSERT_EQ(stands, expected != model.end());
      ASSERT_EQ(cursor.valid(), stands);
      if (!stands) continue;
      ASSERT_EQ(cursor.key(), expected->first);
      ASSERT_EQ(cursor.value().value(), expected->second);
    }
  });
}

TEST(TreeScanProperty, ManyKeysEqualOneByOneAndTheModel) {
  for_each_seed(20, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    const Model model = generator.entries(below(generator, 3'000));
    const Hash root = build(archive, model);
    std::set<Bytes> keys;
    for (std::uint64_t i = generator.below(200); i > 0; --i)
      keys.insert(some_bound(generator, model));
    const auto values = find_values(source, root, std::vector<ByteView>(keys.begin(), keys.end()));
    ASSERT_TRUE(values) << why(values);
    std::size_t i = 0;
    for (const Bytes& key : keys) {
      const auto at = model.find(key);
      const auto expected = at == model.end() ? std::nullopt : std::optional(at->second);
      ASSERT_EQ((*values)[i++], stored(model, key));
      ASSERT_EQ(get_value(source, root, key).value(), expected);
    }
  });
}

}  // namespace
}  // namespace dialog::test
