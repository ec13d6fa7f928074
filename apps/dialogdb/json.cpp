#include "json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace dialog::cli {
namespace {

bool stands_as_it_is(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

void write_text(std::string& line, const std::string& text) {
  if (std::all_of(text.begin(), text.end(), stands_as_it_is)) {
    line += '"' + text + '"';
    return;
  }
  const std::string quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  // What JSON does not ask to be escaped: DEL, and U+0080 to U+009F.
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    const auto octet = static_cast<unsigned char>(quoted[i]);
    const auto next = static_cast<unsigned char>(i + 1 < quoted.size() ? quoted[i + 1] : '\0');
    const bool is_control = octet == 0xc2 && next < 0xa0;
    if (is_control) ++i;
    if (is_control || octet == 0x7f) {
      constexpr const char* kDigits = "0123456789abcdef";
      const unsigned char code = is_control ? next : octet;
      line += "\\u00";
      line += {kDigits[code >> 4U], kDigits[code & 15U]};
    } else {
      line += quoted[i];
    }
  }
}

}  // namespace

Json::Json() : text_("null") {}

Json::Json(std::string_view text) : kind_(Kind::text), text_(text) {}

Json Json::word(std::string text) {
  Json json;
  json.text_ = std::move(text);
  return json;
}

Json::Json(const std::vector<std::string>& texts) : kind_(Kind::array) {
  for (const std::string& text : texts) push_back(text);
}

Json::Json(std::initializer_list<Member> members) : kind_(Kind::object), members_(members) {}

Json Json::array() {
  Json json;
  json.kind_ = Kind::array;
  return json;
}

Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json& Json::operator[](std::string_view name) {
  kind_ = Kind::object;
  for (Member& member : members_) {
    if (member.name == name) return member.value;
  }
  return members_.emplace_back(Member{std::string(name), {}}).value;
}

void Json::update(const Json& object) {
  for (const Member& member : object.members_) (*this)[member.name] = member.value;
}

void Json::push_back(Json element) { members_.push_back({"", std::move(element)}); }

void Json::write(std::string& line) const {
  if (kind_ == Kind::word) line += text_;
  if (kind_ == Kind::text) write_text(line, text_);
  if (kind_ == Kind::word || kind_ == Kind::text) return;
  const bool is_object = kind_ == Kind::object;
  line += is_object ? '{' : '[';
  bool is_first = true;
  for (const Member& member : members_) {
    if (!std::exchange(is_first, false)) line += ',';
    if (is_object) {
      write_text(line, member.name);
      line += ':';
    }
    member.value.write(line);
  }
  line += is_object ? '}' : ']';
}

std::string Json::to_line() const {
  std::string line;
  write(line);
  return line;
}

std::string Json::to_plain() const {
  if (kind_ == Kind::text) return text_;
  if (kind_ == Kind::word && text_ == "null") return "none";
  return to_line();
}

}  // namespace dialog::cli
