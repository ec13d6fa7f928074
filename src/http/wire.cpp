#include "dialog/http/wire.hpp"

#include <algorithm>

#include "ascii.hpp"

namespace dialog::wire {

bool is_media_type(std::string_view content_type, std::string_view media_type) {
  const std::size_t end = std::min(content_type.find(';'), content_type.size());
  return ascii::equal_ignoring_case(ascii::trim(content_type.substr(0, end)), media_type);
}

}  // namespace dialog::wire
