// Import formats: whatever the input, reading ends, and entries that were read survive writing and
// reading.
#include <optional>
#include <string>

#include "entry_format.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

namespace {

// Takes one of `count` choices off the number.
unsigned take(unsigned& choices, unsigned count) {
  const unsigned chosen = choices % count;
  choices /= count;
  return chosen;
}

std::optional<std::string> take_field(unsigned& choices, const char* name, const char* number) {
  const unsigned chosen = take(choices, 3);
  if (chosen == 0) return {};
  return chosen == 1 ? name : number;
}

cli::EntryOptions options_of(unsigned choices) {
  cli::EntryOptions options;
  options.format = static_cast<cli::FileFormat>(take(choices, 3));
  options.header = take(choices, 2) == 0;
  options.key_format = static_cast<cli::ByteFormat>(take(choices, 4));
  options.value_format = static_cast<cli::ByteFormat>(take(choices, 4));
  options.json_values = take(choices, 2) == 1;
  options.key_field = take_field(choices, "key", "1");
  options.value_field = take_field(choices, "value", "2");
  return options;
}

void check_round_trip(const cli::Entry& entry, cli::EntryOptions options) {
  // A table is written with the columns that it was read from, NDJSON with its own members only.
  if (options.format == cli::FileFormat::ndjson) {
    options.key_field.reset();
    options.value_field.reset();
  }
  cli::MemorySink sink;
  const auto writer = cli::make_entry_writer(sink, options);
  if (!writer) return;
  fuzz::require((*writer)->write(entry.key, entry.value) && sink.finish(),
                "an entry can be written");
  cli::MemorySource source(sink.bytes());
  const auto reader = cli::make_entry_reader(source, options);
  fuzz::require(reader.has_value(), "what can be written can be read");
  const auto step = (*reader)->next();
  fuzz::require(
      step && std::holds_alternative<cli::Entry>(*step) && std::get<cli::Entry>(*step) == entry,
      "an entry survives writing and reading");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const cli::EntryOptions options = options_of(data[0] + 256U * data[1]);
  cli::MemorySource source(fuzz::view_of(data + 2, size - 2));
  const auto reader = cli::make_entry_reader(source, options);
  if (!reader) return 0;
  for (std::size_t steps = 0; steps <= size; ++steps) {
    const auto step = (*reader)->next();
    if (!step || std::holds_alternative<cli::EndOfInput>(*step)) return 0;
    if (const auto* entry = std::get_if<cli::Entry>(&*step)) check_round_trip(*entry, options);
  }
  fuzz::require(false, "reading ends");
  return 0;
}
