#include "range_options.hpp"

#include <vector>

namespace dialog::cli {

void add_at_option(Verb verb, std::string& at) {
  verb.option("--at", at,
              "Look at another revision: a branch, 64 hex digits, BRANCH~N, @REMOTE or ^REMOTE")
      .type("REVISION");
}

void add_bounds_options(Verb verb, RangeOptions& options) {
  verb.option("--from", options.from, "Only keys not less than this").type("KEY");
  verb.option("--to", options.to, "Only keys less than this").type("KEY");
  verb.option("--prefix", options.prefix, "Only keys that start with this").type("PREFIX");
  add_key_format(verb, options.formats);
}

void add_range_options(Verb verb, RangeOptions& options) {
  add_bounds_options(verb, options);
  add_branch_option(verb, options.branch);
  add_at_option(verb, options.at);
}

Result<ScanRange> make_range(const RangeOptions& options) {
  const ByteFormat format = options.formats.key_or_text();
  ScanRange range;
  if (options.from) {
    DIALOG_ASSIGN(range.from, key_argument(*options.from, format));
  }
  if (options.to) {
    DIALOG_ASSIGN(range.to, key_argument(*options.to, format));
  }
  DIALOG_ASSIGN(range.prefix, key_argument(options.prefix, format));
  range.limit = options.limit;
  range.reverse = options.reverse;
  return range;
}

Result<Snapshot> open_snapshot(const Workspace& workspace, const std::string& branch,
                               const std::string& at) {
  if (!at.empty()) {
    DIALOG_ASSIGN(const Revision revision, workspace.revision(at, branch));
    return workspace.repository().snapshot(revision);
  }
  DIALOG_ASSIGN(const std::string name, workspace.branch_or_default(branch));
  return workspace.repository().snapshot(name);
}

Json entry_document(ByteView key, const ByteView* value, const FormatOptions& formats) {
  Json document;
  set_bytes(document, "key", key, formats.key_or_text());
  if (value != nullptr) set_bytes(document, "value", *value, formats.value_or_text());
  return document;
}

// A line must stay a line, so that what is no plain text is escaped unless a format is asked for.
std::string entry_line(ByteView key, const ByteView* value, const FormatOptions& formats) {
  std::string line = encode(formats.key.value_or(ByteFormat::escaped), key);
  if (value == nullptr) return line;
  return line + "\t" + encode(formats.value.value_or(ByteFormat::escaped), *value);
}

Result<void> visit_entries(const Snapshot& snapshot, const ScanRange& range,
                           const WholeEntryVisitor& visit, const Context& context) {
  Result<void> result;
  DIALOG_TRY(snapshot.scan(
      range,
      [&](ByteView key, const EntryValue& value) {
        if (const std::optional<ByteView> bytes = value.at_hand()) {
          result = visit(key, *bytes);
        } else if (auto whole = value.load()) {
          result = visit(key, *whole);
        } else {
          result = fail(std::move(whole).error());
        }
        return result.has_value();
      },
      context));
  return result;
}

Result<Bytes> read_whole(ByteSource& source, std::size_t bytes_max) {
  Bytes whole;
  std::vector<char> buffer(std::size_t{64} * 1024);
  while (true) {
    DIALOG_ASSIGN(const std::size_t count, source.read(buffer));
    if (count == 0) return whole;
    whole.append(buffer.data(), count);
    if (whole.size() > bytes_max) {
      return fail(ErrorCode::too_large,
                  "the input exceeds " + std::to_string(bytes_max) + " bytes");
    }
  }
}

}  // namespace dialog::cli
