#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "dialog/base/hash.hpp"

namespace dialog::detail {

/// Finds places of a list by hashes that the list itself holds. Open addressing with linear
/// probing; what is erased leaves no mark (Knuth, volume 3, 6.4, algorithm R). A look costs one
/// line of memory beside the list. Not thread-safe.
class HashTable {
 public:
  /// The place for which `is_it(place)`, among those that were inserted under a hash like this.
  template <class IsIt>
  [[nodiscard]] std::optional<std::uint32_t> find(const Hash& hash, const IsIt& is_it) const {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = tag & mask(); cells_[at].is_taken(); at = next(at)) {
      if (cells_[at].tag == tag && is_it(cells_[at].place())) return cells_[at].place();
    }
    return std::nullopt;
  }

  /// `hash` is not there yet.
  void insert(const Hash& hash, std::uint32_t place) {
    if (2 * (count_ + 1) > cells_.size()) grow();
    put({tag_of(hash), place + 1});
    ++count_;
  }

  /// `hash` is there, with that place.
  void erase(const Hash& hash, std::uint32_t place) {
    std::size_t hole = cell_of(hash, place);
    for (std::size_t at = next(hole); cells_[at].is_taken(); at = next(at)) {
      // What was put where the hole is, or before it, may move there.
      const std::size_t home = cells_[at].tag & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole] = {};
    --count_;
  }

  /// `hash` is there, with place `from`.
  void move(const Hash& hash, std::uint32_t from, std::uint32_t to) {
    cells_[cell_of(hash, from)].place_and_one = to + 1;
  }

 private:
  struct Cell {
    std::uint32_t tag = 0;
    std::uint32_t place_and_one = 0;  // 0: nothing is here
    [[nodiscard]] bool is_taken() const { return place_and_one != 0; }
    [[nodiscard]] std::uint32_t place() const { return place_and_one - 1; }
  };

  static std::uint32_t tag_of(const Hash& hash) {
    std::uint32_t tag = 0;
    std::memcpy(&tag, hash.bytes().data(), sizeof tag);
    return tag;
  }
  [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & mask(); }

  [[nodiscard]] std::size_t cell_of(const Hash& hash, std::uint32_t place) const {
    std::size_t at = tag_of(hash) & mask();
    while (cells_[at].place_and_one != place + 1) at = next(at);
    return at;
  }
  void put(const Cell& cell) {
    std::size_t at = cell.tag & mask();
    while (cells_[at].is_taken()) at = next(at);
    cells_[at] = cell;
  }
  void grow() {
    std::vector<Cell> before(2 * cells_.size());
    before.swap(cells_);
    for (const Cell& cell : before) {
      if (cell.is_taken()) put(cell);
    }
  }

  std::vector<Cell> cells_ = std::vector<Cell>(16);
  std::size_t count_ = 0;
};

}  // namespace dialog::detail
