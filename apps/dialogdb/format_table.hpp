#pragma once

#include <vector>

#include "entry_format.hpp"
#include "text_scanner.hpp"

namespace dialog::cli {

struct TableRow {
  std::vector<Bytes> fields;
  std::vector<std::uint64_t> columns;  ///< where each field begins in its line
  std::uint64_t line = 0;              ///< where the row begins; quoted fields may hold line ends
};

/// Rows by RFC 4180 with any delimiter, strictly: a quote may only enclose a whole field, and is
/// doubled within. Rows end with LF or CRLF; the last may end with the input. Any other byte stands
/// for itself.
class TableScanner {
 public:
  TableScanner(ByteSource& source, char delimiter) : scanner_(source), delimiter_(delimiter) {}

  /// False at the end. After a fault the scanner stands behind the line where it was found.
  Result<bool, BadLine> next(TableRow& row);

  /// The source's error, where the last fault came from there.
  [[nodiscard]] const std::optional<Error>& source_error() const { return source_error_; }

 private:
  enum class FieldEnd { field, row };
  Result<FieldEnd, BadLine> read_field(Bytes& field);
  Result<FieldEnd, BadLine> read_quoted(Bytes& field);
  Result<FieldEnd, BadLine> read_bare(Bytes& field);
  Result<FieldEnd, BadLine> end_of_field(char c);
  Result<std::optional<char>, BadLine> peek();
  Result<void, BadLine> append(Bytes& field, char c);
  BadLine bad_here(std::string message) const;
  void skip_line();

  TextScanner scanner_;
  char delimiter_;
  std::size_t row_bytes_ = 0;
  std::optional<Error> source_error_;
};

/// Entries from the rows of a table: two columns, or those that the options name.
class TableReader final : public EntryReader {
 public:
  TableReader(ByteSource& source, const EntryOptions& options);
  Result<ReadStep> next() override;

 private:
  struct Columns {
    std::size_t key = 0;
    std::size_t value = 0;
    std::size_t count = 0;
  };
  Result<void> read_header();
  Result<Columns, std::string> choose(const TableRow& row) const;
  ReadStep entry_of(TableRow& row) const;

  EntryOptions options_;
  TableScanner scanner_;
  std::optional<Columns> columns_;
  std::optional<TableRow> first_;
};

class TableWriter final : public EntryWriter {
 public:
  TableWriter(ByteSink& sink, const EntryOptions& options);
  Result<void> write(ByteView key, ByteView value) override;
  /// Writes the row that names the columns, where the options ask for one.
  Result<void> write_header();

 private:
  void append_field(ByteView field);
  ByteSink& sink_;
  EntryOptions options_;
  char delimiter_;
  Bytes line_;
};

}  // namespace dialog::cli
