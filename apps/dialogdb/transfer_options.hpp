#pragma once

#include <string>

#include "entry_format.hpp"
#include "program.hpp"

namespace dialog::cli {

/// What `import` and `export` have in common.
struct TransferOptions {
  std::string file = "-";
  std::string format;
  std::string key_field;
  std::string value_field;
  bool no_header = false;
};

void add_transfer_options(Verb verb, TransferOptions& options);

/// The named format, or the one that the file's name ends in, or NDJSON.
Result<EntryOptions> entry_options(const TransferOptions& options, const FormatOptions& formats);

}  // namespace dialog::cli
