#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/hash.hpp"

namespace dialog {

/// The state of a whole tree, named by its root hash. All zeros is the empty tree: nothing
/// published yet.
class Revision {
 public:
  /// All zeros.
  constexpr Revision() = default;
  explicit constexpr Revision(const Hash& root) : root_(root) {}

  /// Exactly 64 hex digits of either case; absent for anything else.
  static std::optional<Revision> from_hex(std::string_view text);

  [[nodiscard]] const Hash& root() const { return root_; }
  /// 64 lowercase hex digits.
  [[nodiscard]] std::string hex() const { return root_.hex(); }
  [[nodiscard]] bool is_zero() const { return root_.is_zero(); }

  friend auto operator<=>(const Revision&, const Revision&) = default;

 private:
  Hash root_;
};

}  // namespace dialog
