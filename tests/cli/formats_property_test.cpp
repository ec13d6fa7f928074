#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "entry_format.hpp"
#include "support/seeds.hpp"

namespace dialog::cli {
namespace {

using test::Generator;

// Gives the bytes in pieces of random size, as a pipe does.
class PiecewiseSource final : public ByteSource {
 public:
  PiecewiseSource(ByteView bytes, Generator& generator) : rest_(bytes), generator_(generator) {}
  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t wanted = generator_.between(1, 700);
    const std::size_t count = std::min({wanted, buffer.size(), rest_.size()});
    std::copy_n(rest_.begin(), count, buffer.begin());
    rest_.remove_prefix(count);
    return count;
  }

 private:
  ByteView rest_;
  Generator& generator_;
};

EntryOptions random_options(Generator& generator) {
  const std::vector<ByteFormat> formats{ByteFormat::text, ByteFormat::hex, ByteFormat::base64};
  const std::vector<FileFormat> files{FileFormat::ndjson, FileFormat::csv, FileFormat::tsv};
  EntryOptions options;
  options.format = generator.pick(files);
  options.key_format = generator.pick(formats);
  options.value_format = generator.pick(formats);
  if (options.format == FileFormat::ndjson) {
    options.json_values = generator.chance(1, 2);
  } else {
    options.header = generator.chance(1, 2);
    if (generator.chance(1, 4)) options.key_format = ByteFormat::escaped;
    if (generator.chance(1, 4)) options.value_format = ByteFormat::escaped;
  }
  return options;
}

Bytes random_value(Generator& generator) {
  const std::vector<Bytes> special{
      "\"",   ",",        "\t",    "\r", "\n",   "\r\n", "\xef\xbb\xbf",
      "{}",   "[1,2]",    "\"x\"", "1",  "a\"b", "\\",   std::string(1, '\0'),
      "null", "{\"a\":1}"};
  return generator.chance(1, 2) ? generator.pick(special) : generator.value(300);
}

TEST(FormatsProperty, WhatIsExportedIsImportedAgainUnchanged) {
  test::for_each_seed(400, [](Generator& generator) {
    const EntryOptions options = random_options(generator);
    std::vector<Entry> entries;
    for (std::uint64_t i = generator.below(30); i > 0; --i) {
      entries.push_back(
          {generator.chance(1, 4) ? random_value(generator).substr(0, 900) : generator.key(),
           random_value(generator)});
    }
    MemorySink sink;
    auto writer = make_entry_writer(sink, options);
    ASSERT_TRUE(writer);
    for (const Entry& entry : entries) ASSERT_TRUE((*writer)->write(entry.key, entry.value));

    PiecewiseSource source(sink.bytes(), generator);
    auto reader = make_entry_reader(source, options);
    ASSERT_TRUE(reader);
    std::vector<Entry> read;
    while (true) {
      auto step = (*reader)->next();
      ASSERT_TRUE(step) << step.error().message;
      if (std::holds_alternative<EndOfInput>(*step)) break;
      ASSERT_TRUE(std::holds_alternative<Entry>(*step)) << std::get<BadLine>(*step).message << "\n"
                                                        << sink.bytes();
      read.push_back(std::get<Entry>(*step));
    }
    EXPECT_EQ(read, entries) << sink.bytes();
  });
}

TEST(FormatsProperty, AnyInputEndsInEntriesOrBadLines) {
  test::for_each_seed(400, [](Generator& generator) {
    const std::string alphabet("{}[]\":,\n\r\tkeyvalu1\\ \0\xff", 22);
    Bytes input(generator.below(600), 'x');
    for (char& c : input) c = generator.pick(alphabet);
    PiecewiseSource source(input, generator);
    auto reader = make_entry_reader(source, random_options(generator));
    ASSERT_TRUE(reader);
    for (std::size_t steps = 0;; ++steps) {
      ASSERT_LE(steps, input.size() + 1) << "the reader does not move on";
      auto step = (*reader)->next();
      if (!step || std::holds_alternative<EndOfInput>(*step)) break;
    }
  });
}

}  // namespace
}  // namespace dialog::cli
