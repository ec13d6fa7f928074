#include "dialog/tree/value.hpp"

#include <string>
#include <utility>

#include "dialog/archive/archive.hpp"
#include "dialog/base/check.hpp"
#include "dialog/tree/node_source.hpp"
#include "layout.hpp"
#include "missing.hpp"
#include "varint.hpp"

namespace dialog {
namespace {

constexpr char kIndexVersion = 0;

std::uint64_t header_of(ByteView payload) {
  const char* at = payload.data();
  return detail::take_checked_varint(at);
}

Hash hash_at(ByteView payload, std::size_t number) {
  const char* at = payload.data();
  detail::take_checked_varint(at);
  const auto hash = Hash::from_bytes({at + number * Hash::kSize, Hash::kSize});
  DIALOG_CHECK(hash, "the payload of a value was not checked");
  return *hash;
}

std::size_t chunk_count(std::uint64_t value_bytes) {
  return static_cast<std::size_t>((value_bytes + kTreeFormat.value_chunk_bytes - 1) /
                                  kTreeFormat.value_chunk_bytes);
}

tl::unexpected<Error> bad_value(const Hash& at, const char* fault) {
  return fail(ErrorCode::corrupt, "block " + at.hex() + ": " + fault);
}

/// Reads single blocks and indexes together, then the chunks of all indexes together.
class ValueLoader {
 public:
  ValueLoader(Archive& archive, std::span<const ValueView> values, const Context& context)
      : archive_(archive), values_(values), context_(context) {}

  Result<std::vector<Bytes>> run() {
    DIALOG_TRY(read_first());
    DIALOG_TRY(read_chunks());
    DIALOG_TRY(missing_.take());
    std::vector<Bytes> loaded;
    loaded.reserve(values_.size());
    auto first = first_.begin();
    auto chunk = chunks_.cbegin();
    for (const ValueView& value : values_) {
      if (value.is_inline()) {
        loaded.emplace_back(value.inline_bytes());
      } else if (!value.is_chunked()) {
        const ByteView bytes = (*first++)->bytes();
        if (bytes.size() != value.size()) return bad_value(value.hash(), "its size is wrong");
        loaded.emplace_back(bytes);
      } else {
        ++first;
        DIALOG_ASSIGN(Bytes whole, join(value, chunk));
        loaded.push_back(std::move(whole));
      }
    }
    return loaded;
  }

 private:
  Result<void> read_first() {
    std::vector<Hash> wanted;
    for (const ValueView& value : values_) {
      if (!value.is_inline()) wanted.push_back(value.is_chunked() ? value.index() : value.hash());
    }
    return read(wanted, first_);
  }

  Result<void> read_chunks() {
    auto first = first_.begin();
    std::vector<Hash> wanted;
    for (const ValueView& value : values_) {
      if (value.is_inline()) continue;
      const std::optional<Block>& block = *first++;
      if (!value.is_chunked() || !block) continue;
      DIALOG_ASSIGN(const std::vector<Hash> chunks, parse_value_index(*block, value.size()));
      wanted.insert(wanted.end(), chunks.begin(), chunks.end());
    }
    return read(wanted, chunks_);
  }

  Result<void> read(const std::vector<Hash>& wanted, std::vector<std::optional<Block>>& found) {
    if (wanted.empty()) return {};
    if (!missing_.empty()) {
      // The values cannot be had any more; what else they lack is still worth to tell.
      DIALOG_ASSIGN(const std::vector<bool> present, archive_.has(wanted, context_));
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!present[i]) missing_.add(wanted[i]);
      }
      return {};
    }
    DIALOG_ASSIGN(found, archive_.get(wanted, context_));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!found[i]) missing_.add(wanted[i]);
    }
    return {};
  }

  static Result<Bytes> join(const ValueView& value,
                            std::vector<std::optional<Block>>::const_iterator& chunk) {
    Bytes whole;
    whole.reserve(static_cast<std::size_t>(value.size()));
    for (std::size_t i = 0; i < chunk_count(value.size()); ++i) {
      const ByteView bytes = (*chunk++)->bytes();
      if (bytes.size() > value.size() - whole.size()) {
        return bad_value(value.index(), "a chunk of its value is too long");
      }
      whole.append(bytes);
    }
    if (whole.size() != value.size() || Hash::of(whole) != value.hash()) {
      return bad_value(value.index(), "its chunks are not the value that its entry names");
    }
    return whole;
  }

  Archive& archive_;
  std::span<const ValueView> values_;
  const Context& context_;
  std::vector<std::optional<Block>> first_;
  std::vector<std::optional<Block>> chunks_;
  detail::MissingSet missing_;
};

}  // namespace

std::uint64_t ValueView::size() const { return header_of(payload_) >> 1; }

bool ValueView::is_inline() const { return (header_of(payload_) & 1) == 0; }

ByteView ValueView::inline_bytes() const {
  const auto size = static_cast<std::size_t>(this->size());
  return payload_.substr(payload_.size() - size);
}

bool ValueView::is_chunked() const { return size() > kTreeFormat.value_chunk_bytes; }

Hash ValueView::hash() const {
  return is_inline() ? Hash::of(inline_bytes()) : hash_at(payload_, 0);
}

Hash ValueView::index() const { return hash_at(payload_, 1); }

Result<SplitValue> split_value(ByteView value) {
  if (value.size() > kValueBytesMax) {
    return fail(ErrorCode::too_large, "a value of " + std::to_string(value.size()) +
                                          " bytes is larger than " +
                                          std::to_string(kValueBytesMax));
  }
  Bytes payload;
  if (value.size() <= kTreeFormat.inline_value_bytes_max) {
    detail::put_inline_value(payload, value);
    return SplitValue{StoredValue(ValueView(payload)), {}};
  }
  std::vector<Block> blocks;
  detail::put_varint(payload, std::uint64_t{value.size()} << 1 | 1);
  if (value.size() <= kTreeFormat.value_chunk_bytes) {
    blocks.push_back(Block::of(Bytes(value)));
    payload.append(blocks.back().hash().bytes());
    return SplitValue{StoredValue(ValueView(payload)), std::move(blocks)};
  }
  Bytes index(1, kIndexVersion);
  detail::put_varint(index, value.size());
  for (std::size_t at = 0; at < value.size(); at += kTreeFormat.value_chunk_bytes) {
    blocks.push_back(Block::of(Bytes(value.substr(at, kTreeFormat.value_chunk_bytes))));
    index.append(blocks.back().hash().bytes());
  }
  payload.append(Hash::of(value).bytes());
  blocks.push_back(Block::of(std::move(index)));
  payload.append(blocks.back().hash().bytes());
  return SplitValue{StoredValue(ValueView(payload)), std::move(blocks)};
}

Result<std::vector<Hash>> parse_value_index(const Block& index, std::uint64_t value_bytes) {
  ByteView rest = index.bytes();
  if (rest.empty() || rest[0] != kIndexVersion) {
    return bad_value(index.hash(), "it is no index of a value");
  }
  rest.remove_prefix(1);
  const auto size = detail::take_varint(rest);
  if (!size || *size != value_bytes || *size <= kTreeFormat.value_chunk_bytes ||
      *size > kValueBytesMax) {
    return bad_value(index.hash(), "it is no index of a value of this size");
  }
  const std::size_t count = chunk_count(*size);
  if (rest.size() != count * Hash::kSize) {
    return bad_value(index.hash(), "it lists a wrong number of chunks");
  }
  std::vector<Hash> chunks;
  chunks.reserve(count);
  for (; !rest.empty(); rest.remove_prefix(Hash::kSize)) {
    const auto hash = Hash::from_bytes(rest.substr(0, Hash::kSize));
    if (!hash || hash->is_zero()) return bad_value(index.hash(), "it lists no block");
    chunks.push_back(*hash);
  }
  return chunks;
}

Result<std::vector<Bytes>> load_values(NodeSource& source, std::span<const ValueView> values,
                                       const Context& context) {
  return ValueLoader(source.archive(), values, context).run();
}

Result<Bytes> load_value(NodeSource& source, const ValueView& value, const Context& context) {
  if (value.is_inline()) return Bytes(value.inline_bytes());
  DIALOG_ASSIGN(std::vector<Bytes> loaded, load_values(source, {&value, 1}, context));
  return std::move(loaded.front());
}

}  // namespace dialog
