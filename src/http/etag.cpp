#include "dialog/http/etag.hpp"

#include "ascii.hpp"

namespace dialog::wire {
namespace {

std::optional<Revision> parse_strong(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return Revision::from_hex(value);
}

}  // namespace

std::string print_etag(const Revision& revision, EtagStyle style) {
  const std::string_view quote = style == EtagStyle::quoted ? "\"" : "";
  std::string tag;
  tag.reserve(2 * Hash::kSize + 2);
  tag.append(quote);
  append_hex(tag, revision.root().bytes());
  return tag.append(quote);
}

std::optional<Revision> parse_etag(std::string_view value) {
  value = ascii::trim(value);
  if (value.starts_with("W/")) value.remove_prefix(2);
  return parse_strong(value);
}

std::optional<Revision> parse_if_match(std::string_view value) {
  return parse_strong(ascii::trim(value));
}

std::optional<std::uint64_t> parse_sequence(std::string_view value) {
  return ascii::parse_number(ascii::trim(value));
}

}  // namespace dialog::wire
