#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "byte_format.hpp"
#include "byte_stream.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"

namespace dialog::cli {

struct Entry {
  Bytes key;
  Bytes value;
  friend bool operator==(const Entry&, const Entry&) = default;
};

/// Input that cannot be taken, and where it stands. Lines and columns count from 1, columns in
/// bytes.
struct BadLine {
  std::uint64_t line = 0;
  std::uint64_t column = 0;
  ErrorCode code = ErrorCode::malformed;  ///< or `too_large`
  std::string message;
};

struct EndOfInput {};

using ReadStep = std::variant<EndOfInput, Entry, BadLine>;

/// Reads entries from a stream with bounded memory. Not thread-safe.
class EntryReader {
 public:
  EntryReader() = default;
  EntryReader(const EntryReader&) = delete;
  EntryReader& operator=(const EntryReader&) = delete;
  virtual ~EntryReader() = default;

  /// After a `BadLine` the reader stands behind it and can go on. The errors are the source's.
  virtual Result<ReadStep> next() = 0;
};

/// Writes entries to a stream. Not thread-safe.
class EntryWriter {
 public:
  EntryWriter() = default;
  EntryWriter(const EntryWriter&) = delete;
  EntryWriter& operator=(const EntryWriter&) = delete;
  virtual ~EntryWriter() = default;

  virtual Result<void> write(ByteView key, ByteView value) = 0;
};

enum class FileFormat { ndjson, csv, tsv };

struct EntryOptions {
  FileFormat format = FileFormat::ndjson;
  ByteFormat key_format = ByteFormat::text;
  ByteFormat value_format = ByteFormat::text;
  /// The field (of a JSON object) or the column (of a table) that holds the key.
  std::optional<std::string> key_field = {};
  /// The same for the value. For NDJSON with a key field alone, the value is the whole object.
  std::optional<std::string> value_field = {};
  /// Tables only: whether the first row names the columns. Without one, fields go by number from 1.
  bool header = true;
  /// NDJSON output only: values that are compact JSON texts are embedded as JSON.
  bool json_values = false;
};

/// The source must outlive the reader. `invalid_argument` where the options contradict each other.
Result<std::unique_ptr<EntryReader>> make_entry_reader(ByteSource& source,
                                                       const EntryOptions& options);

/// The sink must outlive the writer; `ByteSink::finish` is the caller's.
Result<std::unique_ptr<EntryWriter>> make_entry_writer(ByteSink& sink, const EntryOptions& options);

/// The entry, or the refusal of a key or a value above its limit, as at `line` and `column`.
ReadStep checked_entry(Bytes key, Bytes value, std::uint64_t line, std::uint64_t column);

}  // namespace dialog::cli
