#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace dialog::cli {

/// A JSON value that the program says. It is only ever made and written, so that the sources of the
/// verbs need no library for it. Members stay in the order in which they are set.
class Json {
 public:
  struct Member;
  Json();  ///< null
  Json(std::nullptr_t) : Json() {}
  Json(std::same_as<bool> auto value) : Json(word(value ? "true" : "false")) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Json(T value) : Json(word(std::to_string(value))) {}
  Json(std::string_view text);
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  Json(const std::vector<std::string>& texts);
  /// An object.
  Json(std::initializer_list<Member> members);
  static Json array();
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  /// Of an object, which null becomes: the member of that name, null where it is new.
  Json& operator[](std::string_view name);
  /// Sets all members of an object in another one.
  void update(const Json& object);
  /// Of an object or an array, whose members have no names.
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  void push_back(Json element);

  /// One line that no terminal takes for a command: control characters are escaped. What is no
  /// UTF-8 is replaced, for a file name may be anything.
  [[nodiscard]] std::string to_line() const;
  /// The same for people: a text as it is, and null as `none`.
  [[nodiscard]] std::string to_plain() const;

 private:
  enum class Kind { word, text, array, object };
  static Json word(std::string text);
  void write(std::string& line) const;

  Kind kind_ = Kind::word;
  std::string text_;  ///< of a text, as it is; of a word, as it is written
  std::vector<Member> members_;
};

struct Json::Member {
  std::string name;
  Json value;
};

}  // namespace dialog::cli
