#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/http/block_frames.hpp"
#include "support/generator.hpp"
#include "support/seeds.hpp"

namespace dialog::wire {
namespace {

using test::Generator;

struct OwnedFrame {
  Hash hash;
  std::optional<Bytes> bytes;
  friend bool operator==(const OwnedFrame&, const OwnedFrame&) = default;
};

/// Feeds the pieces and takes every frame; the error of the first call that fails.
Result<std::vector<OwnedFrame>> read_pieces(const std::vector<ByteView>& pieces,
                                            FrameReader::Limits limits = {}) {
  FrameReader reader(limits);
  std::vector<OwnedFrame> frames;
  for (const ByteView piece : pieces) {
    reader.feed(piece);
    while (true) {
      DIALOG_ASSIGN(const auto frame, reader.next());
      if (!frame) break;
      frames.push_back(
          {frame->hash, frame->bytes ? std::optional<Bytes>(*frame->bytes) : std::nullopt});
    }
  }
  DIALOG_TRY(reader.finish());
  return frames;
}

Bytes frame_of(ByteView hash, std::uint32_t length, ByteView bytes) {
  Bytes frame(hash);
  for (int i = 0; i < 4; ++i) frame.push_back(static_cast<char>(length >> (8 * i) & 0xff));
  return frame.append(bytes);
}

TEST(BlockFrames, AreSpelledAsDocumented) {
  Bytes body;
  append_frame(body, Block::of("hi"));
  append_absent_frame(body, *Hash::from_bytes(Bytes(32, '\x11')));
  EXPECT_EQ(to_hex(body),
            "85052e9aab1b67b6622d94a08441b09fd5b7aca61ee360416d70de5da67d86ca"
            "020000006869"
            "1111111111111111111111111111111111111111111111111111111111111111"
            "ffffffff");
}

TEST(BlockFrames, AreReadAsTheyWereWritten) {
  const Block block = Block::of("hi");
  const Block empty = Block::of("");
  Bytes body;
  append_frame(body, block);
  append_absent_frame(body, Hash::of("absent"));
  append_frame(body, empty);
  const auto frames = read_pieces({body});
  ASSERT_TRUE(frames.has_value()) << frames.error().message;
  EXPECT_THAT(*frames, testing::ElementsAre(OwnedFrame{block.hash(), "hi"},
                                            OwnedFrame{Hash::of("absent"), std::nullopt},
                                            OwnedFrame{empty.hash(), ""}));
}

TEST(BlockFrames, OfNothingAreNone) {
  const auto frames = read_pieces({ByteView()});
  ASSERT_TRUE(frames.has_value());
  EXPECT_TRUE(frames->empty());
}

TEST(BlockFrames, DoNotDependOnHowTheyArrive) {
  const auto seeds = test::seeds_to_run(50);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const test::SeedInPlay in_play(seed);
    Generator generator(seed);
    Bytes body;
    std::vector<OwnedFrame> expected;
    for (const Block& block : generator.blocks(generator.below(12), 600)) {
      append_frame(body, block);
      expected.push_back({block.hash(), Bytes(block.bytes())});
      if (generator.chance(1, 4)) {
        append_absent_frame(body, block.hash());
        expected.push_back({block.hash(), std::nullopt});
      }
    }
    std::vector<ByteView> pieces;
    for (ByteView rest = body; !rest.empty();) {
      const std::size_t size = generator.between(1, generator.chance(1, 2) ? 5 : 900);
      pieces.push_back(rest.substr(0, size));
      rest.remove_prefix(std::min<std::size_t>(size, rest.size()));
    }
    const auto frames = read_pieces(pieces);
    ASSERT_TRUE(frames.has_value()) << frames.error().message;
    EXPECT_EQ(*frames, expected);
  }
}

TEST(BlockFrames, ThatEndTooEarlyAreMalformed) {
  Bytes body;
  append_frame(body, Block::of("hello"));
  for (std::size_t size = 1; size < body.size(); ++size) {
    const auto frames = read_pieces({ByteView(body).substr(0, size)});
    ASSERT_FALSE(frames.has_value()) << size;
    EXPECT_EQ(frames.error().code, ErrorCode::malformed);
  }
}

TEST(BlockFrames, ThatAreTooLongAreRefusedBeforeTheirBytesArrive) {
  FrameReader reader({100, 10});
  const Bytes head = frame_of(Bytes(32, 'x'), 101, "");
  reader.feed(head);
  const auto frame = reader.next();
  ASSERT_FALSE(frame.has_value());
  EXPECT_EQ(frame.error().code, ErrorCode::too_large);
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.finish().has_value());
}

TEST(BlockFrames, OfTheGreatestLengthAreRead) {
  const Bytes body = frame_of(Bytes(32, 'x'), 100, Bytes(100, 'y'));
  EXPECT_TRUE(read_pieces({body}, {100, 1}).has_value());
}

TEST(BlockFrames, OfALengthNearTheMarkOfAbsenceAreTooLong) {
  EXPECT_EQ(read_pieces({frame_of(Bytes(32, 'x'), kAbsentLength - 1, "")}).error().code,
            ErrorCode::too_large);
}

TEST(BlockFrames, AreBoundedInNumber) {
  Bytes body;
  for (int i = 0; i < 3; ++i) append_absent_frame(body, Hash::of("x"));
  EXPECT_TRUE(read_pieces({body}, {100, 3}).has_value());
  EXPECT_EQ(read_pieces({body}, {100, 2}).error().code, ErrorCode::too_large);
}

TEST(BlockFrames, SurviveArbitraryBytes) {
  const auto seeds = test::seeds_to_run(2000);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const test::SeedInPlay in_play(seed);
    Generator generator(seed);
    const Bytes noise = generator.bytes(generator.below(200));
    const auto frames = read_pieces({noise}, {64, 4});
    if (!frames) {
      EXPECT_THAT(frames.error().code, testing::AnyOf(ErrorCode::malformed, ErrorCode::too_large));
    }
  }
}

}  // namespace
}  // namespace dialog::wire
