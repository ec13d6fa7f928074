// Everything that a peer sends and that is parsed: what is accepted prints and parses to the same
// again.
#include "dialog/http/wire.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

namespace {

void frames(ByteView bytes, std::size_t piece_bytes) {
  wire::FrameReader reader;
  while (true) {
    const ByteView piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    reader.feed(piece);
    while (true) {
      const auto frame = reader.next();
      if (!frame) return;
      if (!*frame) break;
      fuzz::require(!(*frame)->bytes || (*frame)->bytes->size() <= kBlockBytesMax,
                    "frames are bounded");
    }
    if (bytes.empty()) break;
  }
  (void)reader.finish();
}

void json(ByteView text) {
  if (const auto swap = wire::parse_swap(text)) {
    const auto again = wire::parse_swap(wire::print_swap(*swap));
    fuzz::require(again && again->revision == swap->revision && again->origin == swap->origin,
                  "a swap survives printing");
  }
  if (const auto record = wire::parse_record(text)) {
    const auto again = wire::parse_record(wire::print_record(*record));
    fuzz::require(again && *again == *record, "a record survives printing");
  }
  if (const auto history = wire::parse_history(text)) {
    const auto again = wire::parse_history(wire::print_history(*history));
    fuzz::require(again && again->records == history->records, "a history survives printing");
  }
  if (const auto found = wire::parse_capabilities(text)) {
    const auto again = wire::parse_capabilities(wire::print_capabilities(*found));
    fuzz::require(again && *again == *found, "capabilities survive printing");
  }
  (void)wire::parse_error(text);
  (void)wire::parse_mismatch(text);
}

void small(ByteView text) {
  if (const auto revision = wire::parse_etag(text)) {
    fuzz::require(wire::parse_etag(wire::print_etag(*revision)) == revision,
                  "a tag survives printing");
  }
  (void)wire::parse_if_match(text);
  (void)wire::parse_sequence(text);
  (void)wire::parse_log_query(text);
  (void)wire::parse_hashes(text);
  (void)wire::parse_presence(text, text.size());
  if (const auto subject = wire::parse_subject_segment(text)) {
    const auto again = wire::parse_subject_segment(subject->did());
    fuzz::require(again && *again == *subject, "a DID names itself");
  }
  if (const auto endpoint = Endpoint::parse(text)) {
    const auto again = Endpoint::parse(endpoint->text());
    fuzz::require(again && *again == *endpoint, "an endpoint survives printing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = fuzz::view_of(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      frames(rest, 1 + data[0] / 3U);
      break;
    case 1:
      json(rest);
      break;
    default:
      small(rest);
      break;
  }
  return 0;
}
