// A capability that is read is the bytes that it was read from, and no link is wider than the one
// before.
#include "dialog/identity/capability.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = fuzz::view_of(data, size);
  if (const auto text = Capability::from_text(bytes)) {
    fuzz::require(Capability::from_text(text->text()) == *text, "text survives");
  }
  const auto capability = Capability::decode(bytes);
  if (!capability) return 0;
  fuzz::require(capability->bytes() == bytes, "a capability has one encoding");
  fuzz::require(capability->grants().size() <= Capability::kDepthMax, "chains are bounded");
  const Grant* parent = nullptr;
  for (const Grant& grant : capability->grants()) {
    fuzz::require(grant.expires > grant.not_before, "a grant lasts");
    fuzz::require(grant.expires - grant.not_before <= Capability::kLifeMax, "and not for ever");
    if (parent != nullptr) {
      fuzz::require(grant.access <= parent->access && grant.not_before >= parent->not_before &&
                        grant.expires <= parent->expires,
                    "no link is wider than the one before");
    }
    parent = &grant;
  }
  static_cast<void>(capability->verify());
  return 0;
}
