#include "dialog/http/message.hpp"

#include <algorithm>

#include "ascii.hpp"

namespace dialog {

void HttpHeaders::set(std::string_view name, std::string value) {
  std::erase_if(fields_,
                [&](const Field& field) { return ascii::equal_ignoring_case(field.first, name); });
  fields_.emplace_back(std::string(name), std::move(value));
}

const std::string* HttpHeaders::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) {
    return ascii::equal_ignoring_case(field.first, name);
  });
  return found == fields_.end() ? nullptr : &found->second;
}

std::size_t HttpHeaders::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(),
      [&](const Field& field) { return ascii::equal_ignoring_case(field.first, name); }));
}

}  // namespace dialog
