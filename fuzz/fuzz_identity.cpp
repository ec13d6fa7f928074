// A DID that is accepted is canonical: the text is the only one of its identity.
#include "dialog/identity/base58.hpp"
#include "dialog/identity/did.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView text = fuzz::view_of(data, size);
  const auto did = Did::parse(text);
  if (!did) return 0;
  fuzz::require(did->text() == text, "a DID keeps its text");
  if (const auto key = did->key()) {
    fuzz::require(Did::of(*key) == *did, "a did:key is the one encoding of its key");
  }
  return 0;
}
