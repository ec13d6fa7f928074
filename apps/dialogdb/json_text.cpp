#include "json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dialog::cli {
namespace {

// More says nothing to a person; the parser repeats a whole unclosed string.
constexpr std::size_t kFaultBytesMax = 300;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Accepts every value and keeps only the first fault.
class FaultFinder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::optional<JsonFault> fault;
  /// The fault is a number that the parser cannot hold, and no fault of the text.
  bool is_range = false;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string_view text = error.what();
    const auto colon = text.find(": ");
    const std::string_view words = colon == std::string_view::npos ? text : text.substr(colon + 2);
    fault = JsonFault{position, std::string(words.substr(0, kFaultBytesMax))};
    is_range = dynamic_cast<const nlohmann::json::out_of_range*>(&error) != nullptr;
    return false;
  }
};

FaultFinder find_fault(std::string_view text) {
  FaultFinder finder;
  nlohmann::json::sax_parse(text.begin(), text.end(), &finder);
  return finder;
}

// The length of the number at the front of `text`, without its sign; 0 where there is none.
std::size_t number_length(std::string_view text) {
  std::size_t at = 0;
  const auto front = [&] { return at < text.size() ? text[at] : '\0'; };
  const auto take_digits = [&] {
    const std::size_t from = at;
    while (is_digit(front())) ++at;
    return at > from;
  };
  if (!is_digit(front())) return 0;
  if (front() == '0') {
    ++at;
  } else {
    take_digits();
  }
  std::size_t end = at;
  if (front() == '.') {
    ++at;
    if (!take_digits()) return end;
    end = at;
  }
  if (front() == 'e' || front() == 'E') {
    ++at;
    if (front() == '+' || front() == '-') ++at;
    if (take_digits()) end = at;
  }
  return end;
}

// The same text with zeros for all numbers, in as many characters.
std::string with_small_numbers(std::string_view text) {
  std::string small(text);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_string = !in_string;
    } else if (const std::size_t length = in_string ? 0 : number_length(text.substr(i))) {
      small[i] = '0';
      std::fill_n(small.begin() + static_cast<std::ptrdiff_t>(i) + 1, length - 1, ' ');
      i += length - 1;
    }
  }
  return small;
}

// Walks over text that is known to be valid JSON.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t position() const { return at_; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  [[nodiscard]] char front() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip(std::size_t count) { at_ += count; }

  std::string_view take_string() {
    const std::size_t from = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return text_.substr(from, at_ - from);
  }

  std::string_view take_value() {
    const std::size_t from = at_;
    if (front() == '"') return take_string();
    if (front() != '{' && front() != '[') {
      while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ',' &&
             text_[at_] != '}' && text_[at_] != ']') {
        ++at_;
      }
      return text_.substr(from, at_ - from);
    }
    std::size_t depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"') {
        take_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
    } while (depth > 0);
    return text_.substr(from, at_ - from);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<JsonFault> json_fault(std::string_view text) {
  // The parser takes a NUL for the end of its input.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return JsonFault{nul + 1, "a NUL byte"};
  }
  FaultFinder finder = find_fault(text);
  if (finder.is_range) finder = find_fault(with_small_numbers(text));
  return finder.fault;
}

std::optional<std::vector<JsonMember>> json_members(std::string_view text) {
  Walker walker(text);
  walker.skip_space();
  if (walker.front() != '{') return std::nullopt;
  walker.skip(1);
  std::vector<JsonMember> members;
  while (true) {
    walker.skip_space();
    if (walker.front() == '}') return members;
    if (walker.front() == ',') {
      walker.skip(1);
      continue;
    }
    JsonMember member;
    member.name = json_string_value(walker.take_string());
    walker.skip_space();
    walker.skip(1);
    walker.skip_space();
    member.column = walker.position() + 1;
    member.text = walker.take_value();
    members.push_back(std::move(member));
  }
}

std::string compact_json(std::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  Walker walker(text);
  for (walker.skip_space(); walker.front() != '\0'; walker.skip_space()) {
    if (walker.front() == '"') {
      compact += walker.take_string();
    } else {
      compact += walker.front();
      walker.skip(1);
    }
  }
  return compact;
}

std::string json_string_value(std::string_view text) {
  const std::string_view inner = text.substr(1, text.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return std::string(inner);
  const auto value = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  const auto* const string = value.get_ptr<const std::string*>();
  return string != nullptr ? *string : std::string();
}

}  // namespace dialog::cli
