// What object stores answer and what lies in them: what is accepted prints and parses to the same
// again, and none of it can grow or hang its reader.
#include "dialog/cloud/s3_config.hpp"
#include "fuzz_support.hpp"
#include "head_object.hpp"
#include "xml.hpp"

using namespace dialog;

namespace {

std::size_t size_of(const xml::Element& element) {
  std::size_t size = element.name.size() + element.text.size();
  for (const xml::Element& child : element.children) size += size_of(child);
  return size;
}

void head(ByteView text) {
  static const Subject kSubject =
      *Subject::parse("did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi");
  const auto parsed = detail::parse_head(text, kSubject);
  if (!parsed) return;
  const auto again = detail::parse_head(detail::print_head(*parsed, kSubject), kSubject);
  fuzz::require(again && again->swaps == parsed->swaps, "a head survives printing");
  const HeadHistory history = parsed->history(0, SIZE_MAX);
  fuzz::require(history.records.size() == parsed->swaps.size(), "a history has all that is kept");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = fuzz::view_of(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      head(rest);
      break;
    case 1:
      if (const auto root = xml::parse(rest)) {
        fuzz::require(size_of(*root) <= rest.size(), "nothing grows by being read");
      }
      break;
    default:
      if (const auto location = S3Location::parse(rest)) {
        const auto again = S3Location::parse(location->text());
        fuzz::require(again && *again == *location, "a location survives printing");
      }
      break;
  }
  return 0;
}
