#include "format_table.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "dialog/base/limits.hpp"

namespace dialog::cli {
namespace {

constexpr std::size_t kNamesBytesMax = 400;
constexpr std::size_t kRowBytesMax = 2 * kValueBytesMax + 64 * kKeyBytesMax;

char delimiter_of(FileFormat format) { return format == FileFormat::tsv ? '\t' : ','; }

// A column by its name in the header, or by its number where there is no header.
Result<std::size_t, std::string> column_of(const TableRow& row, const std::string& name,
                                           bool header) {
  if (header) {
    const auto found = std::find(row.fields.begin(), row.fields.end(), name);
    if (found == row.fields.end()) return tl::unexpected("no column is named " + in_quotes(name));
    if (std::find(found + 1, row.fields.end(), name) != row.fields.end()) {
      return tl::unexpected("two columns are named " + in_quotes(name));
    }
    return static_cast<std::size_t>(found - row.fields.begin());
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number == 0 ||
      number > row.fields.size()) {
    return tl::unexpected("without a header row a column is a number from 1 to " +
                          std::to_string(row.fields.size()) + ", not " + in_quotes(name));
  }
  return number - 1;
}

}  // namespace

BadLine TableScanner::bad_here(std::string message) const {
  return BadLine{scanner_.line(), scanner_.column(), ErrorCode::malformed, std::move(message)};
}

Result<std::optional<char>, BadLine> TableScanner::peek() {
  auto next = scanner_.peek();
  if (next) return *next;
  source_error_ = next.error();
  return fail(bad_here(next.error().message));
}

Result<void, BadLine> TableScanner::append(Bytes& field, char c) {
  if (++row_bytes_ > kRowBytesMax) {
    BadLine bad = bad_here("the row exceeds " + std::to_string(kRowBytesMax) +
                           " bytes; is a closing quote missing?");
    bad.code = ErrorCode::too_large;
    return fail(bad);
  }
  field += c;
  scanner_.take();
  return {};
}

void TableScanner::skip_line() {
  Bytes ignored;
  if (auto skipped = scanner_.take_line(ignored, 0); !skipped) source_error_ = skipped.error();
}

Result<bool, BadLine> TableScanner::next(TableRow& row) {
  row.fields.clear();
  row.columns.clear();
  row_bytes_ = 0;
  DIALOG_ASSIGN(const std::optional<char> first, peek());
  if (!first) return false;
  row.line = scanner_.line();
  while (true) {
    row.columns.push_back(scanner_.column());
    const std::uint64_t line = scanner_.line();
    auto end = read_field(row.fields.emplace_back());
    if (!end) {
      // A fault that was found at the end of its line has taken the line's end already.
      if (!source_error_ && (scanner_.column() > 1 || scanner_.line() == line)) skip_line();
      return fail(std::move(end).error());
    }
    if (*end == FieldEnd::row) return true;
  }
}

Result<TableScanner::FieldEnd, BadLine> TableScanner::read_field(Bytes& field) {
  DIALOG_ASSIGN(const std::optional<char> first, peek());
  return first == '"' ? read_quoted(field) : read_bare(field);
}

Result<TableScanner::FieldEnd, BadLine> TableScanner::end_of_field(char c) {
  if (c == delimiter_) {
    scanner_.take();
    return FieldEnd::field;
  }
  if (c == '\r') {
    const BadLine bad =
        bad_here("expected a line feed behind the carriage return; quote the field");
    scanner_.take();
    DIALOG_ASSIGN(const std::optional<char> next, peek());
    if (next != '\n') return fail(bad);
  }
  scanner_.take();
  return FieldEnd::row;
}

Result<TableScanner::FieldEnd, BadLine> TableScanner::read_bare(Bytes& field) {
  while (true) {
    DIALOG_ASSIGN(const std::optional<char> next, peek());
    if (!next) return FieldEnd::row;
    if (*next == delimiter_ || *next == '\n' || *next == '\r') return end_of_field(*next);
    if (*next == '"') {
      return fail(
          bad_here("a quote within a field: enclose the whole field in quotes and double it"));
    }
    DIALOG_TRY(append(field, *next));
  }
}

Result<TableScanner::FieldEnd, BadLine> TableScanner::read_quoted(Bytes& field) {
  const BadLine unclosed = bad_here("the quote that opens here is never closed");
  scanner_.take();
  while (true) {
    DIALOG_ASSIGN(std::optional<char> next, peek());
    if (!next) return fail(unclosed);
    if (*next != '"') {
      DIALOG_TRY(append(field, *next));
      continue;
    }
    scanner_.take();
    DIALOG_ASSIGN(next, peek());
    if (!next) return FieldEnd::row;
    if (*next == '"') {
      DIALOG_TRY(append(field, '"'));
      continue;
    }
    if (*next == delimiter_ || *next == '\n' || *next == '\r') return end_of_field(*next);
    return fail(bad_here("expected a delimiter or the end of the line behind the closing quote"));
  }
}

TableReader::TableReader(ByteSource& source, const EntryOptions& options)
    : options_(options), scanner_(source, delimiter_of(options.format)) {}

Result<TableReader::Columns, std::string> TableReader::choose(const TableRow& row) const {
  Columns columns;
  columns.count = row.fields.size();
  const std::string first = options_.header ? "key" : "1";
  const std::string second = options_.header ? "value" : "2";
  DIALOG_ASSIGN(columns.key, column_of(row, options_.key_field.value_or(first), options_.header));
  DIALOG_ASSIGN(columns.value,
                column_of(row, options_.value_field.value_or(second), options_.header));
  return columns;
}

Result<void> TableReader::read_header() {
  TableRow row;
  auto found = scanner_.next(row);
  if (!found) {
    if (scanner_.source_error()) return fail(*scanner_.source_error());
    return fail(ErrorCode::malformed, "the header cannot be read: line " +
                                          std::to_string(found.error().line) + ", column " +
                                          std::to_string(found.error().column) + ": " +
                                          found.error().message);
  }
  if (!*found) {
    columns_ = Columns{};
    return {};
  }
  auto columns = choose(row);
  if (!columns) {
    std::string names;
    for (const Bytes& field : row.fields) {
      names += (names.empty() ? "" : ", ") + encode(ByteFormat::escaped, field);
      if (names.size() > kNamesBytesMax) break;
    }
    return fail(ErrorCode::malformed,
                "line " + std::to_string(row.line) + ", column 1: " + columns.error() +
                    (options_.header ? "; the first row names: " + names.substr(0, kNamesBytesMax) +
                                           ". Choose with --key-field and --value-field, or say "
                                           "--no-header"
                                     : ""));
  }
  columns_ = *columns;
  if (!options_.header) first_ = std::move(row);
  return {};
}

Result<ReadStep> TableReader::next() {
  if (!columns_) DIALOG_TRY(read_header());
  TableRow row;
  while (true) {
    if (first_) {
      row = *std::exchange(first_, std::nullopt);
      return entry_of(row);
    }
    auto found = scanner_.next(row);
    if (scanner_.source_error()) return fail(*scanner_.source_error());
    if (!found) return ReadStep(found.error());
    if (!*found) return ReadStep(EndOfInput{});
    const bool blank = row.fields.size() == 1 && row.fields.front().empty();
    if (blank && columns_->count > 1) continue;
    return entry_of(row);
  }
}

ReadStep TableReader::entry_of(TableRow& row) const {
  if (row.fields.size() != columns_->count) {
    return BadLine{row.line, 1, ErrorCode::malformed,
                   "expected " + std::to_string(columns_->count) + " fields, found " +
                       std::to_string(row.fields.size())};
  }
  auto key = decode(options_.key_format, row.fields[columns_->key]);
  if (!key) {
    return BadLine{row.line, row.columns[columns_->key], ErrorCode::malformed,
                   "the key: " + key.error().message};
  }
  auto value = decode(options_.value_format, row.fields[columns_->value]);
  if (!value) {
    return BadLine{row.line, row.columns[columns_->value], ErrorCode::malformed,
                   "the value: " + value.error().message};
  }
  return checked_entry(*std::move(key), *std::move(value), row.line, row.columns[columns_->key]);
}

TableWriter::TableWriter(ByteSink& sink, const EntryOptions& options)
    : sink_(sink), options_(options), delimiter_(delimiter_of(options.format)) {}

Result<void> TableWriter::write_header() {
  if (!options_.header) return {};
  line_.clear();
  append_field(options_.key_field.value_or("key"));
  line_ += delimiter_;
  append_field(options_.value_field.value_or("value"));
  line_ += '\n';
  return sink_.write(line_);
}

Result<void> TableWriter::write(ByteView key, ByteView value) {
  line_.clear();
  append_field(encode(options_.key_format, key));
  line_ += delimiter_;
  append_field(encode(options_.value_format, value));
  line_ += '\n';
  return sink_.write(line_);
}

void TableWriter::append_field(ByteView field) {
  const char special[] = {delimiter_, '"', '\r', '\n'};
  // A byte order mark at the start of a file would be taken off when it is read.
  if (field.find_first_of(ByteView(special, sizeof special)) == ByteView::npos &&
      !field.starts_with('\xef')) {
    line_ += field;
    return;
  }
  line_ += '"';
  for (const char c : field) {
    if (c == '"') line_ += '"';
    line_ += c;
  }
  line_ += '"';
}

}  // namespace dialog::cli
