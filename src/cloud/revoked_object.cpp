#include "revoked_object.hpp"

#include "dialog/http/json.hpp"
#include "dialog/http/revocation_messages.hpp"

namespace dialog::detail {
namespace {

constexpr std::uint64_t kFormat = 1;

}  // namespace

Bytes print_revoked(const std::vector<Revocation>& revocations, const Subject& subject) {
  json::Value value{{"format", kFormat}, {"did", subject.did()}};
  value.update(json::parse(wire::print_revocation_list(revocations)));
  return json::print(value);
}

Result<std::vector<Revocation>> parse_revoked(std::string_view text, const Subject& subject) {
  const json::Value value = json::parse(text);
  const auto format = json::number_member(value, "format");
  if (format && *format > kFormat) {
    return fail(ErrorCode::unsupported, "what " + subject.did() +
                                            " has revoked was written by a newer version of this "
                                            "program");
  }
  const std::string* const did = json::string_member(value, "did");
  auto list = wire::parse_revocation_list(text);
  if (format != kFormat || did == nullptr || *did != subject.did() || !list) {
    return fail(ErrorCode::corrupt, "what lies where the revocations of " + subject.did() +
                                        " belong is no list of them: restore it");
  }
  return *std::move(list);
}

}  // namespace dialog::detail
