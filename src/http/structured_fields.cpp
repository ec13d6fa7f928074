#include "dialog/http/structured_fields.hpp"

#include <algorithm>

#include "ascii.hpp"

namespace dialog::structured {
namespace {

// Of a whole number; the RFC's bound.
constexpr std::size_t kDigitsMax = 15;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return is_lower(ascii::to_lower(c)); }
bool is_key_char(char c) {
  return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
}
bool is_token_char(char c) {
  return is_alpha(c) || is_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~:/").find(c) != std::string_view::npos;
}

tl::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::malformed, "a structured field " + std::string(what));
}
tl::unexpected<Error> too_many() {
  return fail(ErrorCode::too_large,
              "a structured field has more than " + std::to_string(kElementsMax) + " elements");
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<Dictionary> dictionary() {
    Dictionary result;
    skip(" ");
    while (!rest_.empty()) {
      DIALOG_ASSIGN(std::string name, key());
      if (result.find(name) != nullptr) return bad("has the member " + name + " twice");
      if (result.entries.size() == kElementsMax) return too_many();
      DIALOG_ASSIGN(Member value, member());
      result.entries.emplace_back(std::move(name), std::move(value));
      skip(" \t");
      if (rest_.empty()) break;
      if (!take(',')) return bad("has no comma between two members");
      skip(" \t");
      if (rest_.empty()) return bad("ends with a comma");
    }
    return result;
  }

 private:
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  [[nodiscard]] char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  template <class Predicate>
  std::string_view take_while(Predicate predicate) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), predicate);
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  Result<std::string> key() {
    if (!is_lower(next()) && next() != '*') return bad("has a key that does not start as one");
    return std::string(take_while(is_key_char));
  }

  Result<Member> member() {
    if (!take('=')) {
      DIALOG_ASSIGN(Parameters parsed, parameters());
      return Member(Item{true, std::move(parsed)});
    }
    if (next() == '(') {
      DIALOG_ASSIGN(InnerList list, inner_list());
      return Member(std::move(list));
    }
    DIALOG_ASSIGN(Item parsed, item());
    return Member(std::move(parsed));
  }

  Result<InnerList> inner_list() {
    InnerList list;
    take('(');
    while (true) {
      skip(" ");
      if (take(')')) break;
      if (list.items.size() == kElementsMax) return too_many();
      DIALOG_ASSIGN(Item parsed, item());
      list.items.push_back(std::move(parsed));
      if (next() != ' ' && next() != ')') return bad("has a list that is not closed");
    }
    DIALOG_ASSIGN(list.parameters, parameters());
    return list;
  }

  Result<Item> item() {
    Item result;
    DIALOG_ASSIGN(result.value, bare_item());
    DIALOG_ASSIGN(result.parameters, parameters());
    return result;
  }

  Result<Parameters> parameters() {
    Parameters result;
    while (take(';')) {
      skip(" ");
      DIALOG_ASSIGN(std::string name, key());
      if (result.find(name) != nullptr) return bad("has the parameter " + name + " twice");
      if (result.entries.size() == kElementsMax) return too_many();
      BareItem value = true;
      if (take('=')) {
        DIALOG_ASSIGN(value, bare_item());
      }
      result.entries.emplace_back(std::move(name), std::move(value));
    }
    return result;
  }

  Result<BareItem> bare_item() {
    const char c = next();
    if (c == '-' || is_digit(c)) return integer();
    if (c == '"') return text();
    if (c == ':') return octets();
    if (c == '?') return truth();
    if (is_alpha(c) || c == '*') return BareItem(Token{std::string(take_while(is_token_char))});
    return bad("has an item of no kind that is known");
  }

  Result<BareItem> integer() {
    const bool negative = take('-');
    const std::string_view digits = take_while(is_digit);
    if (digits.empty() || digits.size() > kDigitsMax) return bad("has a number of a wrong length");
    if (next() == '.') return bad("has a decimal");
    std::int64_t number = 0;
    for (const char digit : digits) number = number * 10 + (digit - '0');
    return BareItem(negative ? -number : number);
  }

  Result<BareItem> text() {
    take('"');
    std::string result;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return BareItem(std::move(result));
      if (c == '\\') {
        c = next();
        if (c != '"' && c != '\\') return bad("has an escape that is none");
        rest_.remove_prefix(1);
      } else if (c < ' ' || c > '~') {
        return bad("has text beyond printable ASCII");
      }
      result.push_back(c);
    }
    return bad("has text that does not end");
  }

  Result<BareItem> octets() {
    take(':');
    const std::size_t end = rest_.find(':');
    if (end == std::string_view::npos) return bad("has bytes that do not end");
    auto bytes = from_base64(rest_.substr(0, end));
    if (!bytes) return bad("has bytes that are no base64");
    rest_.remove_prefix(end + 1);
    return BareItem(Octets{*std::move(bytes)});
  }

  Result<BareItem> truth() {
    take('?');
    if (take('1')) return BareItem(true);
    if (take('0')) return BareItem(false);
    return bad("has a truth value that is none");
  }

  std::string_view rest_;
};

template <class Entries>
const auto* find_in(const Entries& entries, std::string_view name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == entries.end() ? nullptr : &found->second;
}

std::string print_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string print_parameters(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters.entries) {
    out.append(";").append(name);
    if (value != BareItem(true)) out.append("=").append(print(value));
  }
  return out;
}

std::string print_item(const Item& item) {
  return print(item.value) + print_parameters(item.parameters);
}

}  // namespace

const BareItem* Parameters::find(std::string_view name) const { return find_in(entries, name); }
const Member* Dictionary::find(std::string_view name) const { return find_in(entries, name); }

Result<Dictionary> parse_dictionary(std::string_view field) {
  if (field.size() > kFieldBytesMax) {
    return fail(ErrorCode::too_large,
                "a structured field is longer than " + std::to_string(kFieldBytesMax) + " bytes");
  }
  while (field.ends_with(' ')) field.remove_suffix(1);
  return Parser(field).dictionary();
}

std::string print(const BareItem& item) {
  if (const auto* number = std::get_if<std::int64_t>(&item)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&item)) return print_text(*text);
  if (const auto* token = std::get_if<Token>(&item)) return token->text;
  if (const auto* octets = std::get_if<Octets>(&item)) return ":" + to_base64(octets->bytes) + ":";
  return std::get<bool>(item) ? "?1" : "?0";
}

std::string print(const InnerList& list) {
  std::string out = "(";
  for (const Item& item : list.items) {
    if (out.size() > 1) out.push_back(' ');
    out += print_item(item);
  }
  return out + ")" + print_parameters(list.parameters);
}

std::string print(const Dictionary& dictionary) {
  std::string out;
  for (const auto& [name, member] : dictionary.entries) {
    if (!out.empty()) out += ", ";
    out += name;
    if (const auto* list = std::get_if<InnerList>(&member)) {
      out.append("=").append(print(*list));
    } else if (const Item& item = std::get<Item>(member); item.value == BareItem(true)) {
      out += print_parameters(item.parameters);
    } else {
      out.append("=").append(print_item(item));
    }
  }
  return out;
}

}  // namespace dialog::structured
