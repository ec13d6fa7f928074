#include "format_ndjson.hpp"

#include <algorithm>
#include <utility>

#include "dialog/base/limits.hpp"
#include "json.hpp"
#include "json_text.hpp"

namespace dialog::cli {
namespace {

// Room for the largest value in hex, or as text in which every other character is escaped.
constexpr std::size_t kLineBytesMax = 2 * kValueBytesMax + 64 * kKeyBytesMax;

using Members = std::vector<JsonMember>;

// A member whose value could not be used.
struct MemberFault {
  std::uint64_t column;
  std::string message;
};

template <class T>
using MemberResult = Result<T, MemberFault>;

MemberResult<Bytes> decoded(const JsonMember& member, ByteFormat format) {
  if (!member.text.starts_with('"')) {
    return fail(MemberFault{member.column, "expected a string as " + in_quotes(member.name)});
  }
  auto bytes = decode(format, json_string_value(member.text));
  if (bytes) return *std::move(bytes);
  return fail(MemberFault{member.column, in_quotes(member.name) + ": " + bytes.error().message});
}

// `key`, `key_hex` or `key_base64`, whichever occurs; the present forms are counted.
const JsonMember* find_form(const Members& members, std::string_view name, std::size_t& count) {
  const JsonMember* found = nullptr;
  count = 0;
  for (const JsonMember& member : members) {
    std::string_view rest = member.name;
    if (!rest.starts_with(name)) continue;
    rest.remove_prefix(name.size());
    if (!rest.empty() && rest != "_hex" && rest != "_base64") continue;
    found = &member;
    ++count;
  }
  return found;
}

MemberResult<const JsonMember*> find_one(const Members& members, std::string_view name) {
  const JsonMember* found = nullptr;
  for (const JsonMember& member : members) {
    if (member.name != name) continue;
    if (found != nullptr) {
      return fail(MemberFault{member.column, in_quotes(member.name) + " occurs twice"});
    }
    found = &member;
  }
  if (found == nullptr) {
    return fail(MemberFault{1, "expected a field " + in_quotes(name)});
  }
  return found;
}

MemberResult<const JsonMember*> find_entry_part(const Members& members, std::string_view name) {
  std::size_t count = 0;
  const JsonMember* const found = find_form(members, name, count);
  if (count == 1) return found;
  if (count > 1) return fail(MemberFault{found->column, in_quotes(name) + " is given twice"});
  return fail(MemberFault{1, "expected a field " + in_quotes(name) +
                                 "; for objects of another shape name the field of the key with "
                                 "--key-field"});
}

MemberResult<Bytes> bytes_of(const JsonMember& member, ByteFormat format, bool take_json) {
  if (member.name.ends_with("_hex")) return decoded(member, ByteFormat::hex);
  if (member.name.ends_with("_base64")) return decoded(member, ByteFormat::base64);
  if (take_json && format == ByteFormat::text && !member.text.starts_with('"')) {
    return compact_json(member.text);
  }
  return decoded(member, format);
}

MemberResult<Entry> read_plain(const Members& members, const EntryOptions& options) {
  DIALOG_ASSIGN(const JsonMember* const key, find_entry_part(members, "key"));
  DIALOG_ASSIGN(const JsonMember* const value, find_entry_part(members, "value"));
  for (const JsonMember& member : members) {
    if (&member != key && &member != value) {
      return fail(MemberFault{member.column,
                              in_quotes(member.name) +
                                  " would be lost: an entry has a key and a value. To store "
                                  "whole objects name the field of the key with --key-field"});
    }
  }
  DIALOG_ASSIGN(Bytes key_bytes, bytes_of(*key, options.key_format, false));
  DIALOG_ASSIGN(Bytes value_bytes, bytes_of(*value, options.value_format, true));
  return Entry{std::move(key_bytes), std::move(value_bytes)};
}

MemberResult<Bytes> read_key_field(const Members& members, const EntryOptions& options) {
  const std::string name = options.key_field.value_or("key");
  DIALOG_ASSIGN(const JsonMember* const member, find_one(members, name));
  const char first = member->text.front();
  if (options.key_format == ByteFormat::text && (first == '-' || (first >= '0' && first <= '9'))) {
    return Bytes(member->text);
  }
  if (first != '"') {
    return fail(MemberFault{member->column,
                            "expected a string or a number as " + in_quotes(name) + ", the key"});
  }
  return decoded(*member, options.key_format);
}

MemberResult<Entry> read_by_field(std::string_view line, const Members& members,
                                  const EntryOptions& options) {
  DIALOG_ASSIGN(Bytes key, read_key_field(members, options));
  if (!options.value_field) return Entry{std::move(key), compact_json(line)};
  DIALOG_ASSIGN(const JsonMember* const member, find_one(members, *options.value_field));
  if (options.value_format == ByteFormat::text && !member->text.starts_with('"')) {
    return Entry{std::move(key), compact_json(member->text)};
  }
  DIALOG_ASSIGN(Bytes value, decoded(*member, options.value_format));
  return Entry{std::move(key), std::move(value)};
}

// Text that JSON can carry stays readable; everything else says in its name how it is written.
void append_member(Bytes& line, const char* name, ByteView bytes, const EntryOptions& options,
                   ByteFormat format) {
  line += '"';
  line += name;
  if (format == ByteFormat::text && !is_plain_text(bytes)) format = ByteFormat::base64;
  if (format == ByteFormat::hex) line += "_hex";
  if (format == ByteFormat::base64) line += "_base64";
  line += "\":";
  const std::string text = encode(format, bytes);
  if (options.json_values && format == ByteFormat::text && std::string_view(name) == "value" &&
      !text.empty() && text.front() != '"' && !json_fault(text) && compact_json(text) == text) {
    line += text;
  } else {
    line += Json(text).to_line();
  }
}

}  // namespace

NdjsonReader::NdjsonReader(ByteSource& source, const EntryOptions& options)
    : options_(options), scanner_(source) {}

Result<ReadStep> NdjsonReader::next() {
  while (true) {
    DIALOG_ASSIGN(const std::optional<char> first, scanner_.peek());
    if (!first) return ReadStep(EndOfInput{});
    const std::uint64_t number = scanner_.line();
    line_.clear();
    DIALOG_ASSIGN(const bool complete, scanner_.take_line(line_, kLineBytesMax));
    if (!complete) {
      return ReadStep(BadLine{number, kLineBytesMax, ErrorCode::too_large,
                              "the line exceeds " + std::to_string(kLineBytesMax) + " bytes"});
    }
    if (line_.find_first_not_of(" \t\r") == Bytes::npos) continue;
    return read_line(number);
  }
}

ReadStep NdjsonReader::read_line(std::uint64_t number) const {
  if (const auto fault = json_fault(line_)) {
    return BadLine{number, fault->column, ErrorCode::malformed,
                   "expected one JSON object: " + fault->message};
  }
  const auto members = json_members(line_);
  if (!members) {
    return BadLine{number, 1, ErrorCode::malformed, "expected a JSON object with key and value"};
  }
  const bool by_field = options_.key_field || options_.value_field;
  auto entry = by_field ? read_by_field(line_, *members, options_) : read_plain(*members, options_);
  if (!entry) {
    return BadLine{number, entry.error().column, ErrorCode::malformed, entry.error().message};
  }
  return checked_entry(std::move(entry->key), std::move(entry->value), number, 1);
}

NdjsonWriter::NdjsonWriter(ByteSink& sink, const EntryOptions& options)
    : sink_(sink), options_(options) {}

Result<void> NdjsonWriter::write(ByteView key, ByteView value) {
  line_ = "{";
  append_member(line_, "key", key, options_, options_.key_format);
  line_ += ',';
  append_member(line_, "value", value, options_, options_.value_format);
  line_ += "}\n";
  return sink_.write(line_);
}

}  // namespace dialog::cli
