#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"

/// Structured field values (RFC 8941): what signatures and digests are written in. Strict where the
/// RFC lets the last of several equal keys count: here they are refused, since two readers could
/// understand them differently. Decimals are refused: nothing here uses them.
namespace dialog::structured {

/// What a whole field and each list of it may hold; beyond: `too_large`.
inline constexpr std::size_t kFieldBytesMax = std::size_t{16} * 1024;
inline constexpr std::size_t kElementsMax = 64;

struct Token {
  std::string text;
  friend bool operator==(const Token&, const Token&) = default;
};
/// Bytes, written in base64 between colons.
struct Octets {
  Bytes bytes;
  friend bool operator==(const Octets&, const Octets&) = default;
};
/// A whole number of at most 15 digits, text, a token, bytes, or a truth value.
using BareItem = std::variant<std::int64_t, std::string, Token, Octets, bool>;

struct Parameters {
  std::vector<std::pair<std::string, BareItem>> entries;

  /// Null where there is none of that name. Valid until the next change.
  [[nodiscard]] const BareItem* find(std::string_view name) const;
  friend bool operator==(const Parameters&, const Parameters&) = default;
};

struct Item {
  BareItem value;
  Parameters parameters;
  friend bool operator==(const Item&, const Item&) = default;
};

struct InnerList {
  std::vector<Item> items;
  Parameters parameters;
  friend bool operator==(const InnerList&, const InnerList&) = default;
};

using Member = std::variant<Item, InnerList>;

struct Dictionary {
  std::vector<std::pair<std::string, Member>> entries;

  /// Null where there is none of that name. Valid until the next change.
  [[nodiscard]] const Member* find(std::string_view name) const;
  friend bool operator==(const Dictionary&, const Dictionary&) = default;
};

/// `malformed`, `too_large`.
Result<Dictionary> parse_dictionary(std::string_view field);

/// The one canonical spelling, as RFC 8941, section 4.1 defines it. Text and keys must hold what
/// the RFC allows in them.
std::string print(const BareItem& item);
std::string print(const InnerList& list);
std::string print(const Dictionary& dictionary);

}  // namespace dialog::structured
