#include "dialog/replica/names.hpp"

#include <algorithm>
#include <string>

#include "dialog/base/bytes.hpp"
#include "dialog/base/hash.hpp"

namespace dialog {
namespace {

bool is_refused(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code <= 0x20 || code == 0x7f ||
         std::string_view(":@~^\\").find(c) != std::string_view::npos;
}

}  // namespace

Result<void> check_name(std::string_view name) {
  const auto bad = [&](const char* why) {
    return fail(ErrorCode::invalid_argument,
                "the name \"" + std::string(name.substr(0, kNameBytesMax)) + "\" " + why);
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > kNameBytesMax) return bad("is longer than 200 bytes");
  if (!is_utf8(name)) return bad("is not UTF-8");
  if (std::any_of(name.begin(), name.end(), is_refused)) {
    return bad("has a space, a control character, or one of : @ ~ ^ \\ in it");
  }
  if (name.front() == '-') return bad("begins with -");
  if (name.front() == '/' || name.back() == '/' || name.find("//") != std::string_view::npos) {
    return bad("has a / at its beginning or its end, or two in a row");
  }
  if (Hash::from_hex(name)) return bad("looks like a revision");
  return {};
}

}  // namespace dialog
