#include <cstdio>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/remote/memory_backend.hpp"

int main() {
  dialog::MemoryArchive archive;
  const dialog::Block block = dialog::Block::of("hello");
  const auto stored = archive.put({&block, 1});
  const auto found = archive.get_one(block.hash());

  const auto subject =
      dialog::Subject::parse("did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi");
  dialog::MemoryBackend backend = dialog::MemoryBackendProvider().connect();
  const dialog::Revision root(block.hash());
  const auto swapped = backend.swap(*subject, dialog::Revision(), root);

  const bool right = stored && found && *found && swapped;
  std::puts(right ? "an installed copy works" : "an installed copy does not work");
  return right ? 0 : 1;
}
