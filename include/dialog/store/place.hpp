#pragma once

#include <cstdint>
#include <functional>

#include "dialog/base/hash.hpp"

namespace dialog::store {

/// Keeps the blocks of one archive apart from those of another in the same store.
using Space = std::uint32_t;

struct BlockKey {
  Space space = 0;
  Hash hash;
  friend bool operator==(const BlockKey&, const BlockKey&) = default;
};

struct BlockKeyHash {
  std::size_t operator()(const BlockKey& key) const noexcept {
    return std::hash<Hash>()(key.hash) ^ (key.space * std::size_t{0x9e3779b97f4a7c15});
  }
};

/// A byte of the log.
struct Position {
  std::uint32_t segment = 0;  ///< counts from 1
  std::uint32_t offset = 0;   ///< in the segment's file
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// Where the frame of a block lies.
struct Place {
  Position at;
  std::uint32_t length = 0;  ///< of the frame's payload, in bytes
  friend bool operator==(const Place&, const Place&) = default;
};

/// What a space holds.
struct SpaceUse {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  ///< of these, as they are stored: compressed where that was worth it
  friend bool operator==(const SpaceUse&, const SpaceUse&) = default;
};

/// How far a log goes.
struct Tip {
  Position end;                ///< where the next frame begins
  std::uint64_t sequence = 0;  ///< of the last frame; 0 where there is none
  std::uint64_t checksum = 0;  ///< of the last frame
  friend bool operator==(const Tip&, const Tip&) = default;
};

}  // namespace dialog::store
