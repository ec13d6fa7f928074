#pragma once

#include <optional>
#include <string>

#include "dialog/tree/cursor.hpp"
#include "workspace.hpp"

namespace dialog::cli {

/// What `ls`, `count`, `export`, `prove` and `check` take to choose entries.
struct RangeOptions {
  std::string branch;
  std::string at;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::string prefix;
  std::optional<std::uint64_t> limit;
  bool reverse = false;
  FormatOptions formats;
};

void add_range_options(Verb verb, RangeOptions& options);
/// Only those that choose keys, without a branch and `--at`.
void add_bounds_options(Verb verb, RangeOptions& options);
/// Adds `--at`.
void add_at_option(Verb verb, std::string& at);

/// Reads the keys of the range in the chosen format.
Result<ScanRange> make_range(const RangeOptions& options);

/// The present state of a branch, or the revision `at`.
Result<Snapshot> open_snapshot(const Workspace& workspace, const std::string& branch,
                               const std::string& at);

/// How an entry is shown; `value` may be null, and is left out then.
Json entry_document(ByteView key, const ByteView* value, const FormatOptions& formats);
std::string entry_line(ByteView key, const ByteView* value, const FormatOptions& formats);

/// Gets one entry with its whole value.
using WholeEntryVisitor = std::function<Result<void>(ByteView key, ByteView value)>;
/// Visits a range; ends with the visitor's first error.
Result<void> visit_entries(const Snapshot& snapshot, const ScanRange& range,
                           const WholeEntryVisitor& visit, const Context& context);

/// All that a source holds. `too_large` above `bytes_max`.
Result<Bytes> read_whole(ByteSource& source, std::size_t bytes_max);

}  // namespace dialog::cli
