#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/check.hpp"

namespace dialog::test {

/// The fields of each line of a golden file; lines that start with "#" are left out. The last of
/// `field_count` fields holds the rest of its line, blanks included.
template <std::size_t line_count>
std::vector<std::vector<std::string_view>> golden_rows(const std::string_view (&lines)[line_count],
                                                       std::size_t field_count) {
  std::vector<std::vector<std::string_view>> rows;
  for (std::string_view line : lines) {
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string_view> fields;
    while (fields.size() + 1 < field_count && line.find(' ') != std::string_view::npos) {
      fields.push_back(line.substr(0, line.find(' ')));
      line.remove_prefix(fields.back().size() + 1);
    }
    fields.push_back(line);
    rows.push_back(std::move(fields));
  }
  return rows;
}

/// The bytes that a field of hex digits stands for; "-" is none.
inline Bytes golden_bytes(std::string_view field) {
  if (field == "-") return {};
  auto bytes = from_hex(field);
  DIALOG_CHECK(bytes.has_value(), "a golden file must hold hex digits here");
  return *std::move(bytes);
}

}  // namespace dialog::test
