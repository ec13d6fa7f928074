#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dialog::xml {

/// An element with its text and its children. Attributes are passed over.
struct Element {
  std::string name;  ///< without a namespace's prefix
  std::string text;  ///< what stands directly in it, decoded; white space is kept
  std::vector<Element> children;

  /// The first child of that name, or null.
  [[nodiscard]] const Element* child(std::string_view name) const;
  /// The text of the first child of that name; empty where there is none.
  [[nodiscard]] std::string_view text_of(std::string_view name) const;
};

/// The root element of a document as object stores answer: elements, text, the five named entities
/// and numeric ones, comments and a declaration. Absent for anything else (a document type, CDATA,
/// a nesting deeper than 8), and for what is not well-formed.
std::optional<Element> parse(std::string_view text);

}  // namespace dialog::xml
