#include "dialog/remote/revision.hpp"

namespace dialog {

std::optional<Revision> Revision::from_hex(std::string_view text) {
  const auto root = Hash::from_hex(text);
  return root ? std::optional<Revision>(Revision(*root)) : std::nullopt;
}

}  // namespace dialog
