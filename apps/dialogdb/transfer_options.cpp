#include "transfer_options.hpp"

namespace dialog::cli {
namespace {

Result<FileFormat> file_format(const TransferOptions& options) {
  const std::string& name = options.format.empty() ? options.file : options.format;
  const auto is = [&](std::string_view format) {
    return options.format.empty() ? name.ends_with("." + std::string(format)) : name == format;
  };
  if (is("csv")) return FileFormat::csv;
  if (is("tsv")) return FileFormat::tsv;
  if (is("ndjson") || is("jsonl") || is("json") || options.file == "-") return FileFormat::ndjson;
  return fail(ErrorCode::invalid_argument, "the name " + options.file +
                                               " does not tell its format; say --format ndjson, "
                                               "csv or tsv");
}

}  // namespace

void add_transfer_options(Verb verb, TransferOptions& options) {
  verb.option("file", options.file, "The file; '-' or nothing is standard input or output")
      .type("FILE");
  verb.option("--format", options.format, "ndjson, csv or tsv; by default by the file's name")
      .one_of({"ndjson", "csv", "tsv"})
      .type("FORMAT");
  verb.option("--key-field", options.key_field, "The field or column of the key, by default 'key'")
      .type("NAME");
  verb.option("--value-field", options.value_field,
              "The field or column of the value, by default 'value'")
      .type("NAME");
  verb.flag("--no-header", options.no_header,
            "Tables have no first row of names; columns go by number, from 1");
}

Result<EntryOptions> entry_options(const TransferOptions& options, const FormatOptions& formats) {
  EntryOptions entry;
  DIALOG_ASSIGN(entry.format, file_format(options));
  entry.key_format = formats.key_or_text();
  entry.value_format = formats.value_or_text();
  if (!options.key_field.empty()) entry.key_field = options.key_field;
  if (!options.value_field.empty()) entry.value_field = options.value_field;
  entry.header = !options.no_header;
  return entry;
}

}  // namespace dialog::cli
