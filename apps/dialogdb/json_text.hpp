#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dialog::cli {

/// Why a text is no JSON, and at which byte (from 1).
struct JsonFault {
  std::uint64_t column = 0;
  std::string message;
};

/// Absent where `text` is exactly one JSON value in UTF-8.
std::optional<JsonFault> json_fault(std::string_view text);

struct JsonMember {
  std::string name;       ///< decoded
  std::string_view text;  ///< the value as it stands in the source
  std::uint64_t column = 0;
};

/// The members of a JSON object in their order, repeats included; absent where `text` is not an
/// object. `text` must be valid JSON, and must outlive the result.
std::optional<std::vector<JsonMember>> json_members(std::string_view text);

/// The same value without white space between its tokens. Numbers and escapes stay as they are
/// written, so that nothing is lost to a number type. `text` must be valid JSON.
std::string compact_json(std::string_view text);

/// The string that a JSON string literal stands for. `text` must be a valid one.
std::string json_string_value(std::string_view text);

}  // namespace dialog::cli
