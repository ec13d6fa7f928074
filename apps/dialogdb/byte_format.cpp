#include "byte_format.hpp"

#include <algorithm>

namespace dialog::cli {
namespace {

constexpr std::size_t kQuotedBytesMax = 120;

// The length of the well-formed UTF-8 sequence that starts here; 0 where there is none.
std::size_t utf8_length(ByteView bytes) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, bytes.size()); ++length) {
    if (is_utf8(bytes.substr(0, length))) return length;
  }
  return 0;
}

// Takes the first character off; where there is none in UTF-8, the first byte.
struct Character {
  ByteView bytes;
  bool is_utf8;
};
Character take_character(ByteView& bytes) {
  const std::size_t length = utf8_length(bytes);
  const Character character{bytes.substr(0, std::max<std::size_t>(length, 1)), length > 0};
  bytes.remove_prefix(character.bytes.size());
  return character;
}

bool is_control(ByteView character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  // U+0080 to U+009F steer terminals too.
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

void append_as_hex(std::string& text, ByteView bytes) {
  for (const char octet : bytes) text += "\\x" + to_hex(ByteView(&octet, 1));
}

std::string escape(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto [character, is_utf8] = take_character(bytes);
    if (character == "\\") {
      text += "\\\\";
    } else if (character == "\n") {
      text += "\\n";
    } else if (character == "\r") {
      text += "\\r";
    } else if (character == "\t") {
      text += "\\t";
    } else if (!is_utf8 || is_control(character)) {
      append_as_hex(text, character);
    } else {
      text += character;
    }
  }
  return text;
}

// What the escape at the front of `text` stands for, and its length; absent where it is none.
std::optional<std::pair<char, std::size_t>> read_escape(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  switch (text[1]) {
    case '\\':
      return std::pair{'\\', std::size_t{2}};
    case 'n':
      return std::pair{'\n', std::size_t{2}};
    case 'r':
      return std::pair{'\r', std::size_t{2}};
    case 't':
      return std::pair{'\t', std::size_t{2}};
    case 'x': {
      if (text.size() < 4) return std::nullopt;
      const auto octet = from_hex(text.substr(2, 2));
      if (!octet) return std::nullopt;
      return std::pair{(*octet)[0], std::size_t{4}};
    }
    default:
      return std::nullopt;
  }
}

Result<Bytes> unescape(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      bytes += text[i++];
      continue;
    }
    const auto escape = read_escape(text.substr(i));
    if (!escape) {
      return fail(ErrorCode::malformed, "the backslash at character " + std::to_string(i + 1) +
                                            " begins none of \\\\ \\n \\r \\t \\xHH");
    }
    bytes += escape->first;
    i += escape->second;
  }
  return bytes;
}

}  // namespace

std::optional<ByteFormat> byte_format_named(std::string_view name) {
  const auto found = std::find(kByteFormatNames.begin(), kByteFormatNames.end(), name);
  if (found == kByteFormatNames.end()) return std::nullopt;
  return static_cast<ByteFormat>(found - kByteFormatNames.begin());
}

Result<Bytes> decode(ByteFormat format, std::string_view text) {
  switch (format) {
    case ByteFormat::text:
      return Bytes(text);
    case ByteFormat::hex:
      if (auto bytes = from_hex(text)) return *std::move(bytes);
      return fail(ErrorCode::malformed, "expected an even number of hex digits");
    case ByteFormat::base64:
      if (auto bytes = from_base64(text)) return *std::move(bytes);
      return fail(ErrorCode::malformed, "expected base64 with its padding (RFC 4648, section 4)");
    case ByteFormat::escaped:
      return unescape(text);
  }
  return fail(ErrorCode::internal, "a byte format that has no decoder");
}

std::string encode(ByteFormat format, ByteView bytes) {
  switch (format) {
    case ByteFormat::text:
      return std::string(bytes);
    case ByteFormat::hex:
      return to_hex(bytes);
    case ByteFormat::base64:
      return to_base64(bytes);
    case ByteFormat::escaped:
      return escape(bytes);
  }
  return {};
}

bool is_plain_text(ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    const bool is_white = c == '\t' || c == '\n' || c == '\r';
    if (!is_white && is_control(bytes.substr(i, c == '\xc2' ? 2 : 1))) return false;
  }
  return is_utf8(bytes);
}

std::string without_controls(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto [character, is_utf8] = take_character(text);
    if (is_utf8 && (!is_control(character) || character == "\n")) {
      shown += character;
    } else {
      append_as_hex(shown, character);
    }
  }
  return shown;
}

std::string in_quotes(ByteView bytes) {
  std::string text = "\"";
  ByteView rest = bytes;
  while (!rest.empty() && text.size() < kQuotedBytesMax) {
    text += escape(take_character(rest).bytes);
  }
  return text + (rest.empty() ? "\"" : "\"...");
}

}  // namespace dialog::cli
