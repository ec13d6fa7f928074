#pragma once

#include <optional>

#include "dialog/base/bytes.hpp"
#include "frame.hpp"

namespace dialog::store {

// Blocks as zstd frames. Each thread that packs keeps at most 1 MiB for it, each that unpacks
// 128 KiB, until it ends.

/// A zstd frame of a block; absent where the block's payload would not become an eighth smaller. A
/// block whose bytes look random is refused at a glance.
std::optional<Bytes> pack(ByteView block);

/// The own bytes of a packed block; absent where they are not what `pack` makes of a block of the
/// stated size. Allocates no more than `kBlockBytesMax`.
std::optional<Bytes> unpack(const BlockPayload& block);

}  // namespace dialog::store
