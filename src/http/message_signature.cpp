#include "dialog/http/message_signature.hpp"

#include <algorithm>
#include <set>

#include "ascii.hpp"
#include "dialog/identity/ed25519.hpp"
#include "dialog/identity/sha256.hpp"

namespace dialog::wire {
namespace {

constexpr std::string_view kSha256 = "sha-256";

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

Result<std::string> component(const std::string& name, const SignedTarget& target,
                              const HttpHeaders& headers) {
  if (name == "@method") return std::string(target.method);
  if (name == "@authority") return std::string(target.authority);
  if (name == "@path") return std::string(target.path);
  if (name == "@query") return std::string(target.query);
  if (!is_field_name(name))
    return fail(ErrorCode::unsupported, "a signature covers a component that is not known here");
  auto value = joined_field(headers, name);
  if (!value)
    return fail(ErrorCode::malformed, "a signature covers " + name + ", which is not there");
  // Else one value could pass for several lines.
  if (value->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    return fail(ErrorCode::malformed, "a signature covers " + name + ", which is not one line");
  return *std::move(value);
}

}  // namespace

std::optional<std::string> joined_field(const HttpHeaders& headers, std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [field, value] : headers.fields()) {
    if (!ascii::equal_ignoring_case(field, name)) continue;
    if (joined) {
      joined->append(", ").append(ascii::trim(value));
    } else {
      joined = std::string(ascii::trim(value));
    }
  }
  return joined;
}

Result<std::string> signature_base(const structured::InnerList& covered, const SignedTarget& target,
                                   const HttpHeaders& headers) {
  std::string base;
  std::set<std::string_view> seen;
  for (const structured::Item& item : covered.items) {
    const auto* name = std::get_if<std::string>(&item.value);
    if (name == nullptr)
      return fail(ErrorCode::malformed, "a signature covers something that is no text");
    if (!item.parameters.entries.empty())
      return fail(ErrorCode::unsupported, "a signature covers a component with parameters");
    if (!seen.insert(*name).second)
      return fail(ErrorCode::malformed, "a signature covers " + *name + " twice");
    DIALOG_ASSIGN(const std::string value, component(*name, target, headers));
    base.append("\"").append(*name).append("\": ").append(value).append("\n");
  }
  return base + "\"@signature-params\": " + structured::print(covered);
}

std::string print_content_digest(ByteView body) {
  structured::Dictionary digest;
  digest.entries.emplace_back(
      std::string(kSha256),
      structured::Item{structured::Octets{Bytes(bytes_of(sha256(body)))}, {}});
  return structured::print(digest);
}

Result<void> check_content_digest(std::string_view field, ByteView body) {
  DIALOG_ASSIGN(const auto digests, structured::parse_dictionary(field));
  const auto* member = digests.find(kSha256);
  const auto* item = member != nullptr ? std::get_if<structured::Item>(member) : nullptr;
  const auto* told = item != nullptr ? std::get_if<structured::Octets>(&item->value) : nullptr;
  if (told == nullptr) return fail(ErrorCode::malformed, "Content-Digest holds no hash by sha-256");
  if (!constant_time_equal(told->bytes, bytes_of(sha256(body))))
    return fail(ErrorCode::corrupt, "the body is not the one that Content-Digest names");
  return {};
}

}  // namespace dialog::wire
