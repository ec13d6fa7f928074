#include <zstd.h>

#include "dialog/base/limits.hpp"
#include "engine_fixture.hpp"
#include "frame.hpp"
#include "packing.hpp"

namespace dialog::test {
namespace {

using store::BlockPayload;
using store::FrameKind;

Bytes text(std::size_t size) {
  Bytes out;
  for (int i = 0; out.size() < size; ++i) {
    out += "{\"name\":\"package " + std::to_string(i * 7919 % 10007) + "\",\"open\":true}\n";
  }
  return out.substr(0, size);
}

Bytes random_bytes(std::size_t size) { return Generator(size).bytes(size); }

// As somebody writes it who is not bound to what `pack` does.
Bytes zstd_of(ByteView bytes, bool with_size = true) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, with_size ? 1 : 0);
  Bytes out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size()));
  return out;
}

BlockPayload packed_block(ByteView frame, std::size_t size) {
  return {{}, frame, static_cast<std::uint32_t>(size)};
}

TEST(Packing, PacksWhatBecomesAnEighthSmaller) {
  for (const Bytes& bytes :
       {Bytes(4096, '\0'), Bytes(256, 'a'), text(300), text(4096), text(kBlockBytesMax),
        to_hex(random_bytes(2048)), to_base64(random_bytes(3072))}) {
    const auto packed = store::pack(bytes);
    ASSERT_TRUE(packed) << bytes.size();
    EXPECT_LE(8 * packed->size(), 7 * bytes.size());
    EXPECT_TRUE(store::unpack(packed_block(*packed, bytes.size())) == bytes);
  }
}

// As a tree has them: keys that look random, values that do not.
TEST(Packing, PacksNodesWithValuesOfText) {
  Generator generator(1);
  Bytes node;
  for (int i = 0; i < 50; ++i) node += "\x10" + generator.bytes(16) + "\x40" + text(64);
  ASSERT_TRUE(store::pack(node));
  EXPECT_LT(store::pack(node)->size(), node.size() / 2);
}

TEST(Packing, LeavesWhatIsSmallOrDoesNotGiveWay) {
  Generator generator(1);
  for (const std::size_t size : {0U, 1U, 255U}) EXPECT_FALSE(store::pack(Bytes(size, 'a'))) << size;
  for (const std::size_t size : {256U, 4096U, 65536U, 262144U}) {
    EXPECT_FALSE(store::pack(generator.bytes(size))) << size;
  }
  // Some of it gives way, and not enough.
  Bytes mixed = generator.bytes(4096);
  mixed.replace(0, 400, 400, 'a');
  EXPECT_FALSE(store::pack(mixed));
}

TEST(Packing, RefusesADamagedFrame) {
  const Bytes bytes = text(2000);
  const Bytes sound = *store::pack(bytes);
  int refused = 0;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    Bytes frame = sound;
    frame[i] ^= 1;
    Bytes out(bytes.size(), '\0');
    const std::size_t count = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
    const auto unpacked = store::unpack(packed_block(frame, bytes.size()));
    if (count != bytes.size()) {
      EXPECT_FALSE(unpacked) << i;
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

// As zstd 0.7 wrote it, which its later versions may still read.
Bytes old_frame_of(ByteView bytes) {
  const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xff); };
  const std::size_t size = bytes.size();
  Bytes frame = "\x27\xb5\x2f\xfd\x60";
  frame += {byte(size - 256), byte((size - 256) >> 8)};
  frame += {'\x40', byte(size >> 8), byte(size)};
  frame += bytes;
  frame += {'\xc0', '\0', '\0'};
  return frame;
}

struct Hostile {
  const char* name;
  Bytes frame;
  std::size_t size;
  friend std::ostream& operator<<(std::ostream& out, const Hostile& hostile) {
    return out << hostile.name;
  }
};

// Each of them says that it is that block, of `size` bytes.
std::vector<Hostile> hostile_frames(const Bytes& bytes) {
  const Bytes sound = zstd_of(bytes);
  const Bytes bomb = zstd_of(Bytes(std::size_t{64} << 20, '\0'));
  const Bytes skippable("\x50\x2a\x4d\x18\x01\x00\x00\x00x", 9);
  const Bytes silent_bomb = zstd_of(Bytes(kBlockBytesMax + 1, '\0'), false);
  return {
      {"states more", sound, bytes.size() + 1},
      {"states less", sound, bytes.size() - 1},
      {"states nothing", sound, 0},
      {"states too much", sound, 0xffffffff},
      {"a bomb", bomb, std::size_t{64} << 20},
      {"a bomb that states little", bomb, bytes.size()},
      {"a bomb that keeps its size to itself", silent_bomb, bytes.size()},
      {"keeps its size to itself", zstd_of(bytes, false), bytes.size()},
      {"something behind it", sound + "x", bytes.size()},
      {"another frame behind it", sound + zstd_of(""), bytes.size()},
      {"a skippable frame behind it", sound + skippable, bytes.size()},
      {"a skippable frame before it", skippable + sound, bytes.size()},
      {"a frame of an old kind", old_frame_of(bytes), bytes.size()},
      {"cut off", sound.substr(0, sound.size() - 1), bytes.size()},
      {"nothing at all", "", bytes.size()},
      {"no frame", bytes, bytes.size()},
      {"other bytes", zstd_of(Bytes(bytes.size(), 'z')), bytes.size()},
  };
}

/// A store in which blocks are packed.
class PackedStoreTest : public EngineTest {
 protected:
  struct Kept {
    store::FrameHeader header;
    std::size_t at = 0;
    Bytes payload;
  };
  /// The frames of the first segment.
  std::vector<Kept> frames(const std::string& folder = kFolder) {
    const auto file = *disk_.open(folder + "/" + disk_.list(folder)->front(), Disk::Open::existing);
    Bytes bytes(static_cast<std::size_t>(*file->size()), '\0');
    EXPECT_TRUE(file->read(0, bytes).has_value());
    std::vector<Kept> found;
    std::size_t at = store::kSegmentHeaderBytes;
    while (const auto header = store::parse_frame_header(ByteView(bytes).substr(at))) {
      EXPECT_TRUE(store::is_sound_frame(*header, ByteView(bytes).substr(at)));
      found.push_back({*header, at, bytes.substr(at + store::kFrameHeaderBytes, header->length)});
      at += store::frame_bytes(header->length);
    }
    return found;
  }
  std::map<Hash, FrameKind> kinds(const std::string& folder = kFolder) {
    std::map<Hash, FrameKind> found;
    for (const Kept& frame : frames(folder)) {
      const auto block = store::parse_block(frame.header.kind, frame.payload);
      if (store::is_block(frame.header.kind)) found[block->key.hash] = frame.header.kind;
    }
    return found;
  }
  std::map<Hash, Bytes> payloads() {
    std::map<Hash, Bytes> found;
    for (const Kept& frame : frames()) {
      const auto block = store::parse_block(frame.header.kind, frame.payload);
      if (store::is_block(frame.header.kind)) found[block->key.hash] = frame.payload;
    }
    return found;
  }

  /// By the checksum of its frame it is sound.
  void replace_last_block(ByteView frame, std::size_t size) {
    const Kept last = frames().back();
    ASSERT_TRUE(store::is_block(last.header.kind));
    const auto block = store::parse_block(last.header.kind, last.payload);
    Bytes prefix;
    store::append_block_prefix(prefix, block->key, static_cast<std::uint32_t>(size));
    store::FrameHeader header = last.header;
    header.kind = FrameKind::packed_block;
    Bytes bytes = log_bytes().substr(0, last.at);
    store::append_frame(bytes, header, {prefix, frame});
    reopen();
    write_log(bytes + Bytes(4096, '\0'));
    shared_.published.reset();
  }

  void flush() { ASSERT_TRUE(engine()->flush({}).has_value()); }
};

TEST_F(PackedStoreTest, EveryBlockStaysWhatItIsWhateverHappensToTheLog) {
  limits_.segment_bytes_max = 4 << 20;
  const std::vector<Block> packed{block(Bytes(256, 'a')), block(text(4096)),
                                  block(text(kBlockBytesMax)), block(Bytes(kBlockBytesMax, '\0'))};
  const std::vector<Block> raw{block(""), block("1"), block(Bytes(255, 'a')),
                               block(random_bytes(4096)), block(random_bytes(kBlockBytesMax))};
  ASSERT_TRUE(engine()->put(0, packed, {}).has_value());
  ASSERT_TRUE(engine()->put(0, raw, {}).has_value());
  const auto expect_all = [&](const char* when) {
    for (const Block& each : packed) EXPECT_TRUE(has(each)) << each.size() << when;
    for (const Block& each : raw) EXPECT_TRUE(has(each)) << each.size() << when;
    const auto found = kinds();
    for (const Block& each : packed) EXPECT_EQ(found.at(each.hash()), FrameKind::packed_block);
    for (const Block& each : raw) EXPECT_EQ(found.at(each.hash()), FrameKind::block);
    const Engine::Checked checked = check();
    EXPECT_EQ(checked.blocks, packed.size() + raw.size()) << when;
    EXPECT_EQ(checked.faults, 0U) << when;
  };
  flush();
  expect_all(" after the put");
  power_cut();
  expect_all(" after a power cut");
  ASSERT_TRUE(engine()->checkpoint().has_value());
  reopen();
  expect_all(" from the index");
  EXPECT_EQ(rebuild().damaged_places, 0U);
  expect_all(" from another index");

  const Block gone = block(random_bytes(200'000));
  const Hash hash = gone.hash();
  put(gone);
  ASSERT_TRUE(engine()->remove(0, {&hash, 1}, {}).has_value());
  const auto before = payloads();
  const auto compacted = engine()->compact(0.9, {});
  ASSERT_TRUE(compacted.has_value()) << compacted.error().message;
  EXPECT_EQ(compacted->segments, 1U);
  EXPECT_EQ(compacted->damaged, 0U);
  expect_all(" after a compaction");
  for (const auto& [moved, payload] : payloads()) {
    EXPECT_TRUE(payload == before.at(moved)) << "moved as it is";
  }
  power_cut();
  expect_all(" after a compaction and a power cut");
}

TEST_F(PackedStoreTest, ACopyHoldsThemAsTheyAre) {
  const std::vector<Block> blocks{block(text(4096)), block(random_bytes(4096))};
  ASSERT_TRUE(engine()->put(0, blocks, {}).has_value());
  flush();
  const auto copied = engine()->copy_log("copy", {});
  ASSERT_TRUE(copied.has_value()) << copied.error().message;
  EXPECT_EQ(kinds("copy"), kinds());
  MemoryIndex index;
  SharedStore shared;
  LocalCoordinator coordinator(shared);
  const store::Parts parts{disk_, "copy", index, coordinator, clock_};
  ASSERT_TRUE(Engine::rebuild(parts, limits_).has_value());
  const auto copy = *Engine::open(parts, limits_);
  for (const Block& each : blocks) {
    const Hash hash = each.hash();
    EXPECT_TRUE((*copy->get(0, {&hash, 1}))[0]->bytes() == each.bytes());
  }
}

TEST_F(PackedStoreTest, WithoutCompressionBlocksAreWrittenRawAndPackedOnesAreRead) {
  put(block(text(1000)));
  flush();
  reopen();
  limits_.compression = store::Compression::none;
  put(block(text(2000)));
  flush();
  EXPECT_EQ(kinds()[block(text(1000)).hash()], FrameKind::packed_block);
  EXPECT_EQ(kinds()[block(text(2000)).hash()], FrameKind::block);
  EXPECT_TRUE(has(block(text(1000))));
  EXPECT_TRUE(has(block(text(2000))));
}

TEST_F(PackedStoreTest, WhatFoundNoRoomIsPackedWhereThereIsSome) {
  set("a", "1");
  put(block(text(4096)));
  disk_.fail_call(1, ErrorCode::storage_full);
  EXPECT_EQ(engine()->flush({}).error().code, ErrorCode::storage_full);
  EXPECT_TRUE(has(block(text(4096))));
  flush();
  EXPECT_EQ(kinds()[block(text(4096)).hash()], FrameKind::packed_block);
  power_cut();
  EXPECT_TRUE(has(block(text(4096))));
}

TEST_F(PackedStoreTest, ADamagedPackedBlockIsNamedAndCanBePutAgain) {
  const Block bad = block(text(4096));
  put(block(text(3000)));
  put(bad);
  put(block(text(5000)));
  flush();
  ASSERT_TRUE(engine()->checkpoint().has_value());
  Bytes bytes = log_bytes();
  const Kept frame = frames().at(1);
  bytes.at(frame.at + store::kFrameHeaderBytes + store::kPackedPrefixBytes + 50) ^= 1;
  write_log(bytes);
  const Engine::Checked checked = check();
  EXPECT_EQ(checked.damaged_places, 1U);
  ASSERT_EQ(faults_.size(), 1U);
  EXPECT_NE(faults_[0].find(bad.hash().hex()), std::string::npos) << faults_[0];
  put(bad);
  flush();
  EXPECT_EQ(check().faults, 0U);
  EXPECT_TRUE(has(bad));
  // The log goes on behind it, also where no index knows it.
  EXPECT_EQ(rebuild().damaged_blocks, 1U);
  EXPECT_TRUE(has(block(text(3000))));
  EXPECT_TRUE(has(bad));
  EXPECT_TRUE(has(block(text(5000))));
}

TEST_F(PackedStoreTest, ACheckLooksAtThemAsItReadsTheLog) {
  std::vector<Block> blocks;
  for (int i = 0; i < 1100; ++i) blocks.push_back(block(Bytes(300, 'a') + std::to_string(i)));
  ASSERT_TRUE(engine()->put(0, blocks, {}).has_value());
  flush();
  std::vector<std::uint64_t> seen;
  Engine::CheckOptions options;
  options.on_progress = [&](std::uint64_t count) {
    seen.push_back(count);
    return true;
  };
  EXPECT_EQ(engine()->check(options)->blocks, 1100U);
  EXPECT_EQ(seen, std::vector<std::uint64_t>{1024});
}

TEST_F(PackedStoreTest, ADamagedPackedBlockBehindTheCheckpointIsPassedOver) {
  for (int i = 0; i < 3; ++i) put(block(text(static_cast<std::size_t>(3000 + i))));
  flush();
  set("later", "1");
  Bytes bytes = log_bytes();
  bytes.at(frames().at(0).at + store::kFrameHeaderBytes + store::kPackedPrefixBytes + 50) ^= 1;
  reopen();
  write_log(bytes);
  shared_.published.reset();
  EXPECT_EQ(get("later"), "1");
  EXPECT_EQ(check().faults, 1U);
  EXPECT_TRUE(has(block(text(3001))));
}

class HostileFrameTest : public PackedStoreTest, public testing::WithParamInterface<Hostile> {};

TEST_P(HostileFrameTest, IsCorruptAndCanBeMended) {
  const Block wanted = block(text(2000));
  const Hash hash = wanted.hash();
  set("key", "value");
  put(wanted);
  flush();
  replace_last_block(GetParam().frame, GetParam().size);
  const auto found = engine()->get(0, {&hash, 1});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::corrupt) << found.error().message;
  EXPECT_EQ(get("key"), "value");
  EXPECT_EQ(check().faults, 1U);
  ASSERT_TRUE(engine()->checkpoint().has_value());
  EXPECT_EQ(check().faults, 1U);
  put(wanted);
  flush();
  EXPECT_TRUE(has(wanted));
  EXPECT_EQ(check().faults, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, HostileFrameTest, testing::ValuesIn(hostile_frames(text(2000))));

}  // namespace
}  // namespace dialog::test
