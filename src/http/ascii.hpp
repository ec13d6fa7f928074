#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Text of protocols, whatever the locale.
namespace dialog::ascii {

char to_lower(char c);
bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text);
/// Decimal digits only, without leading zeros; absent for anything else and where it exceeds 64
/// bits.
std::optional<std::uint64_t> parse_number(std::string_view text);
/// Decodes every `%hh` once; absent where a percent sign is followed by anything else.
std::optional<std::string> percent_decode(std::string_view text);

struct Parameter {
  std::string_view name;
  std::string_view text;  ///< empty where there is no equals sign
};
/// The first parameter of a query that is not empty, undecoded; `query` goes on behind it.
Parameter take_parameter(std::string_view& query);

}  // namespace dialog::ascii
