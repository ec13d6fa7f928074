#include "support/generator.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace dialog::test {
namespace {

Bytes over_alphabet(Generator& generator, std::string_view alphabet, std::size_t size) {
  Bytes text(size, '\0');
  for (char& c : text) c = generator.pick(alphabet);
  return text;
}

Bytes zero_padded(std::uint64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

}  // namespace

void apply(Model& model, const std::vector<KeyEdit>& edits) {
  for (const KeyEdit& edit : edits) {
    if (edit.value) {
      model[edit.key] = *edit.value;
    } else {
      model.erase(edit.key);
    }
  }
}

std::size_t Generator::between(std::size_t low, std::size_t high) {
  return low + below(high - low + 1);
}

Bytes Generator::bytes(std::size_t size) {
  Bytes bytes(size, '\0');
  for (std::size_t i = 0; i < size; i += 8) {
    std::uint64_t word = random_.next();
    for (std::size_t j = i; j < std::min(size, i + 8); ++j, word >>= 8U) {
      bytes[j] = static_cast<char>(word & 0xffU);
    }
  }
  return bytes;
}

Bytes Generator::key(std::size_t bytes_max) {
  using namespace std::string_view_literals;
  // Drawn in statements of their own: compilers evaluate the operands of one expression in any
  // order.
  Bytes key;
  switch (below(16)) {
    case 0:
      key = over_alphabet(*this, "\x00\xff"sv, below(9));
      break;
    case 1:
      key = bytes(between(1, 40));
      break;
    case 2:
    case 3:
    case 4:
      key = over_alphabet(*this, "abc", below(7));
      break;
    case 5:
    case 6:
    case 7:
      key = "user/" + zero_padded(below(1000), 8) + "/";
      key += over_alphabet(*this, "nmt", 2);
      break;
    case 8:
      key = Bytes(between(100, 300), 'p');
      key += over_alphabet(*this, "ab", 3);
      break;
    case 9:
      key = chance(1, 4) ? Bytes(bytes_max, 'm') : bytes(below(bytes_max + 1));
      break;
    default:
      key = zero_padded(below(100'000), 6);
      break;
  }
  if (key.size() > bytes_max) key.resize(bytes_max);
  return key;
}

Bytes Generator::value(std::size_t bytes_max) {
  switch (below(16)) {
    case 0:
      return {};
    case 1:
      return bytes(below(bytes_max + 1));
    case 2:
    case 3:
      return Bytes(std::min(bytes_max, below(64)), 'v');
    default:
      return bytes(std::min(bytes_max, between(1, 100)));
  }
}

Model Generator::entries(std::size_t count) {
  Model entries;
  while (entries.size() < count) {
    // Most shapes have few keys, so that a large model needs a shape that never runs dry.
    Bytes next = chance(1, 2) ? key() : zero_padded(random_.below(std::uint64_t{1} << 40U), 13);
    entries.try_emplace(std::move(next), value());
  }
  return entries;
}

std::vector<KeyEdit> Generator::edits(const Model& model, std::size_t count) {
  std::vector<const Bytes*> present;
  present.reserve(model.size());
  for (const auto& entry : model) present.push_back(&entry.first);

  std::vector<KeyEdit> edits;
  std::set<Bytes> used;
  while (edits.size() < count) {
    KeyEdit edit;
    const bool of_present = !present.empty() && used.size() < present.size() && chance(2, 3);
    edit.key = of_present ? *pick(present) : key();
    if (!of_present && !chance(1, 2)) edit.key += zero_padded(below(1'000'000), 6);
    if (edit.key.size() > kKeyBytesMax) edit.key.resize(kKeyBytesMax);
    if (!used.insert(edit.key).second) continue;
    if (of_present && chance(1, 8)) {
      edit.value = model.at(edit.key);
    } else if (!chance(1, 3)) {
      edit.value = value();
    }
    edits.push_back(std::move(edit));
  }
  return edits;
}

std::vector<Block> Generator::blocks(std::size_t count, std::size_t bytes_max) {
  std::vector<Block> blocks;
  std::set<Hash> seen;
  while (blocks.size() < count) {
    Block block = Block::of(bytes(below(bytes_max + 1)));
    if (seen.insert(block.hash()).second) blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace dialog::test
