#include "entry_format.hpp"

#include <utility>

#include "dialog/base/limits.hpp"
#include "format_ndjson.hpp"
#include "format_table.hpp"

namespace dialog::cli {

ReadStep checked_entry(Bytes key, Bytes value, std::uint64_t line, std::uint64_t column) {
  const auto refuse = [&](const char* what, std::size_t size, std::size_t limit) {
    return BadLine{line, column, ErrorCode::too_large,
                   std::string(what) + " has " + std::to_string(size) + " bytes; at most " +
                       std::to_string(limit) + " are allowed"};
  };
  if (key.size() > kKeyBytesMax) return refuse("the key", key.size(), kKeyBytesMax);
  if (value.size() > kValueBytesMax) return refuse("the value", value.size(), kValueBytesMax);
  return Entry{std::move(key), std::move(value)};
}

Result<std::unique_ptr<EntryReader>> make_entry_reader(ByteSource& source,
                                                       const EntryOptions& options) {
  if (options.format != FileFormat::ndjson) return std::make_unique<TableReader>(source, options);
  if (!options.header) {
    return fail(ErrorCode::invalid_argument,
                "--no-header is for csv and tsv; ndjson has no header");
  }
  return std::make_unique<NdjsonReader>(source, options);
}

Result<std::unique_ptr<EntryWriter>> make_entry_writer(ByteSink& sink,
                                                       const EntryOptions& options) {
  if (options.format == FileFormat::ndjson) {
    if (options.key_format == ByteFormat::escaped || options.value_format == ByteFormat::escaped) {
      return fail(ErrorCode::invalid_argument,
                  "ndjson is written as text, hex or base64; JSON has escapes of its own");
    }
    return std::make_unique<NdjsonWriter>(sink, options);
  }
  auto writer = std::make_unique<TableWriter>(sink, options);
  DIALOG_TRY(writer->write_header());
  return writer;
}

}  // namespace dialog::cli
