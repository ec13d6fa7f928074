#include "dialog/remote/memory_backend.hpp"

#include <utility>

namespace dialog {

MemoryBackendProvider::MemoryBackendProvider(Clock& clock)
    : register_(std::make_shared<MemoryRegister>(clock)), clock_(&clock) {}

RemoteResult<void> MemoryBackendProvider::initialize(const Subject& subject,
                                                     const Revision& revision) {
  Revision expected;
  while (true) {
    auto outcome = register_->swap(subject, {expected, revision, clock_->wall(), {}, false}, {});
    if (!outcome) {
      return fail(RevisionBackendError(ProviderError{subject, outcome.error().message},
                                       outcome.error().code));
    }
    if (std::holds_alternative<Register::Accepted>(*outcome)) return {};
    // Each refusal means that another writer got ahead, so this ends once they pause.
    const auto& actual = std::get<Register::Refused>(*outcome).actual;
    expected = actual ? actual->revision : Revision();
  }
}

MemoryBackend MemoryBackendProvider::connect() const { return MemoryBackend(register_, *clock_); }

}  // namespace dialog
