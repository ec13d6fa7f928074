#include "xml.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace dialog::xml {
namespace {

constexpr int kDepthMax = 8;
constexpr std::string_view kSpace = " \t\r\n";

void append_utf8(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t octet) { text += static_cast<char>(octet); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xc0U | point >> 6U);
    add(0x80U | (point & 63U));
  } else if (point < 0x10000) {
    add(0xe0U | point >> 12U);
    add(0x80U | (point >> 6U & 63U));
    add(0x80U | (point & 63U));
  } else {
    add(0xf0U | point >> 18U);
    add(0x80U | (point >> 12U & 63U));
    add(0x80U | (point >> 6U & 63U));
    add(0x80U | (point & 63U));
  }
}

std::optional<std::uint32_t> parse_number(std::string_view digits, std::uint32_t base) {
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : digits) {
    std::uint32_t digit = base;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A') + 10;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
    if (value > 0x10ffff) return std::nullopt;
  }
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  return value == 0 || surrogate ? std::nullopt : std::optional(value);
}

bool append_entity(std::string& text, std::string_view name) {
  static constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, meant] : kNamed) {
    if (name != known) continue;
    text += meant;
    return true;
  }
  if (!name.starts_with('#')) return false;
  const bool hexadecimal = name.starts_with("#x");
  const auto point = parse_number(name.substr(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
  if (point) append_utf8(text, *point);
  return point.has_value();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Element> document() {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
    if (rest_.starts_with("<?xml") && !skip_past("?>")) return std::nullopt;
    if (!skip_between()) return std::nullopt;
    auto root = element(1);
    if (!root || !skip_between() || !rest_.empty()) return std::nullopt;
    return root;
  }

 private:
  bool take(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  bool skip_past(std::string_view what) {
    const std::size_t at = rest_.find(what);
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at + what.size());
    return true;
  }
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
  }
  // White space and comments.
  bool skip_between() {
    for (skip_space(); take("<!--"); skip_space()) {
      if (!skip_past("-->")) return false;
    }
    return true;
  }

  std::string_view name() {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(" \t\r\n/>=<&\"'"));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // Behind a start tag's name. False where it is not well-formed.
  bool skip_attributes() {
    for (skip_space(); !rest_.empty() && rest_.front() != '>' && rest_.front() != '/';
         skip_space()) {
      if (name().empty()) return false;
      skip_space();
      if (!take("=")) return false;
      skip_space();
      if (!(take("\"") ? skip_past("\"") : take("'") && skip_past("'"))) return false;
    }
    return true;
  }

  std::optional<Element> element(int depth) {
    if (depth > kDepthMax || !take("<")) return std::nullopt;
    const std::string_view whole = name();
    if (whole.empty() || whole.front() == '!' || whole.front() == '?') return std::nullopt;
    Element result;
    result.name = whole.substr(whole.find(':') + 1);
    if (!skip_attributes()) return std::nullopt;
    if (take("/>")) return result;
    if (!take(">") || !content(result, depth)) return std::nullopt;
    if (name() != whole) return std::nullopt;
    skip_space();
    if (!take(">")) return std::nullopt;
    return result;
  }

  // Up to and with the `</` of the end tag.
  bool content(Element& into, int depth) {
    while (!rest_.empty()) {
      if (take("</")) return true;
      if (take("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (rest_.front() == '<') {
        auto child = element(depth + 1);
        if (!child) return false;
        into.children.push_back(*std::move(child));
      } else if (take("&")) {
        const std::size_t end = rest_.find(';');
        if (end == std::string_view::npos || !append_entity(into.text, rest_.substr(0, end)))
          return false;
        rest_.remove_prefix(end + 1);
      } else {
        const std::size_t end = std::min(rest_.find_first_of("<&"), rest_.size());
        into.text += rest_.substr(0, end);
        rest_.remove_prefix(end);
      }
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

const Element* Element::child(std::string_view wanted) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const Element& each) { return each.name == wanted; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view Element::text_of(std::string_view wanted) const {
  const Element* const found = child(wanted);
  return found ? std::string_view(found->text) : std::string_view();
}

std::optional<Element> parse(std::string_view text) { return Parser(text).document(); }

}  // namespace dialog::xml
