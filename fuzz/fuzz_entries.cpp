// Import formats: whatever the input, reading ends, and entries that were read survive writing and
// reading.
#include "entry_format.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

namespace {

cli::EntryOptions options_of(std::uint8_t choice) {
  cli::EntryOptions options;
  options.format = static_cast<cli::FileFormat>(choice % 3);
  options.header = (choice / 3) % 2 == 0;
  const auto format = static_cast<cli::ByteFormat>((choice / 6) % 3);
  options.key_format = format;
  options.value_format = format;
  return options;
}

void check_round_trip(const cli::Entry& entry, const cli::EntryOptions& options) {
  cli::MemorySink sink;
  const auto writer = cli::make_entry_writer(sink, options);
  if (!writer || !(*writer)->write(entry.key, entry.value) || !sink.finish()) return;
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
  if (size == 0) return 0;
  const cli::EntryOptions options = options_of(data[0]);
  cli::MemorySource source(fuzz::view_of(data + 1, size - 1));
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
