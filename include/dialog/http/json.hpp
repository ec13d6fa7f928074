#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/remote/revision.hpp"

/// Access to JSON that never throws: what is not there, or is of another type, is absent.
namespace dialog::json {

using Value = nlohmann::ordered_json;

/// Discarded (see `is_discarded`) where the text is no JSON, or is some that readers understand
/// differently: with a NUL, or with two members of one name in an object.
inline Value parse(std::string_view text) {
  using Event = Value::parse_event_t;
  // The parser takes a NUL for the end of the text.
  if (text.find('\0') != std::string_view::npos) return Value(Value::value_t::discarded);
  std::vector<std::set<std::string>> open_objects;
  bool repeated = false;
  Value value = Value::parse(
      text,
      [&](int, Event event, Value& parsed) {
        if (event == Event::object_start) open_objects.emplace_back();
        if (event == Event::object_end) open_objects.pop_back();
        if (event == Event::key)
          repeated |= !open_objects.back().insert(parsed.get_ref<const std::string&>()).second;
        return true;
      },
      false);
  return repeated ? Value(Value::value_t::discarded) : value;
}

/// Strings that are not UTF-8 get replacement characters instead of a failure.
inline std::string print(const Value& value) {
  return value.dump(-1, ' ', false, Value::error_handler_t::replace);
}

/// Whether a text is ASCII that stands for itself in JSON, eight characters at a time: the tests
/// for a zero byte and for one below another of Anderson's "Bit Twiddling Hacks".
inline bool is_plain(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = 0x80 * kOnes;
  const auto tops_where_zero = [](std::uint64_t word) { return (word - kOnes) & ~word; };
  std::uint64_t special = 0;
  while (!text.empty()) {
    std::uint64_t word = ' ' * kOnes;
    const std::size_t size = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), size);
    text.remove_prefix(size);
    special |= word | ((word - ' ' * kOnes) & ~word) | tops_where_zero(word ^ '"' * kOnes) |
               tops_where_zero(word ^ '\\' * kOnes) | tops_where_zero(word ^ 0x7f * kOnes);
  }
  return (special & kTops) == 0;
}

/// Appends a text as `print` writes it. Most are plain, and need no value to be made of them.
inline void append_string(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out.append(print(Value(std::string(text))));
  }
}

/// The member of an object, or null.
inline const Value* member(const Value& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

inline const std::string* string_member(const Value& object, const char* name) {
  const Value* value = member(object, name);
  return value ? value->get_ptr<const Value::string_t*>() : nullptr;
}

inline std::optional<std::uint64_t> number_member(const Value& object, const char* name) {
  const Value* value = member(object, name);
  const auto* number = value ? value->get_ptr<const Value::number_unsigned_t*>() : nullptr;
  return number ? std::optional<std::uint64_t>(*number) : std::nullopt;
}

inline std::optional<bool> bool_member(const Value& object, const char* name) {
  const Value* value = member(object, name);
  const auto* flag = value ? value->get_ptr<const Value::boolean_t*>() : nullptr;
  return flag ? std::optional<bool>(*flag) : std::nullopt;
}

inline std::optional<Revision> revision_member(const Value& object, const char* name) {
  const std::string* text = string_member(object, name);
  return text ? Revision::from_hex(*text) : std::nullopt;
}

}  // namespace dialog::json
