#include "protocol_suites.hpp"

namespace dialog::test {
namespace {

TEST_P(ArchiveProtocol, a_block_that_was_put_can_be_got) {
  const Block block = Block::of("some\r\n\0bytes");
  EXPECT_EQ(send("PUT", path(block.hash()), {}, Bytes(block.bytes())).status, 204);
  const auto got = send("GET", path(block.hash()));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, block.bytes());
  EXPECT_EQ(field(got, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(field(got, "X-Content-Type-Options"), "nosniff");
}

TEST_P(ArchiveProtocol, a_block_may_be_kept_by_its_reader_but_not_by_shared_caches) {
  const Block block = Block::of("x");
  send("PUT", path(block.hash()), {}, "x");
  EXPECT_EQ(field(send("GET", path(block.hash())), "Cache-Control"),
            "private, max-age=31536000, immutable");
  EXPECT_EQ(field(send("GET", path(Hash::of("y"))), "Cache-Control"), "no-store");
}

TEST_P(ArchiveProtocol, head_tells_whether_a_block_is_there_and_its_length) {
  const Block block = Block::of("four");
  EXPECT_EQ(send("HEAD", path(block.hash())).status, 404);
  send("PUT", path(block.hash()), {}, "four");
  const auto head = send("HEAD", path(block.hash()));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(field(head, "Content-Length"), "4");
  EXPECT_EQ(head.body, "");
}

TEST_P(ArchiveProtocol, the_empty_block_is_a_block) {
  const Hash empty = Hash::of("");
  EXPECT_EQ(send("PUT", path(empty)).status, 204);
  const auto got = send("GET", path(empty));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "");
}

TEST_P(ArchiveProtocol, putting_a_block_again_changes_nothing) {
  const Hash hash = Hash::of("x");
  EXPECT_EQ(send("PUT", path(hash), {}, "x").status, 204);
  EXPECT_EQ(send("PUT", path(hash), {}, "x").status, 204);
}

TEST_P(ArchiveProtocol, bytes_that_do_not_hash_to_their_address_are_never_stored) {
  const Hash hash = Hash::of("x");
  const auto refused = send("PUT", path(hash), {}, "y");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(wire::parse_error(refused.body)->code, ErrorCode::corrupt);
  EXPECT_EQ(send("HEAD", path(hash)).status, 404);
  EXPECT_EQ(send("HEAD", path(Hash::of("y"))).status, 404);
}

TEST_P(ArchiveProtocol, a_block_above_256_kib_is_too_large) {
  const Bytes most(kBlockBytesMax, 'a');
  EXPECT_EQ(send("PUT", path(Hash::of(most)), {}, most).status, 204);
  const Bytes more(kBlockBytesMax + 1, 'a');
  EXPECT_EQ(send("PUT", path(Hash::of(more)), {}, more).status, 413);
}

TEST_P(ArchiveProtocol, each_subject_has_blocks_of_its_own) {
  const Hash hash = Hash::of("x");
  send("PUT", path(hash), {}, "x");
  EXPECT_EQ(send("HEAD", path(hash, kOtherDid)).status, 404);
}

TEST_P(ArchiveProtocol, a_block_is_named_by_its_whole_hash) {
  EXPECT_EQ(send("GET", "/" + kDid + "/blocks/abc").status, 400);
  EXPECT_EQ(send("GET", "/" + kDid + "/blocks/").status, 400);
  EXPECT_EQ(send("GET", "/" + kDid + "/blocks/a/b").status, 404);
}

TEST_P(ArchiveProtocol, a_batch_is_put_and_got_in_one_request_each) {
  const std::vector<Block> blocks{Block::of("one"), Block::of(""), Block::of(Bytes(100'000, 'z'))};
  EXPECT_EQ(put_all(blocks).status, 204);
  const Hash absent = Hash::of("absent");
  const auto got = send("POST", batch("get"), kFrames,
                        wire::print_hashes(std::vector<Hash>{blocks[2].hash(), absent,
                                                             blocks[0].hash(), blocks[1].hash()}));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(field(got, "Content-Type"), wire::kBlocksMediaType);
  Bytes expected;
  wire::append_frame(expected, blocks[2]);
  wire::append_absent_frame(expected, absent);
  wire::append_frame(expected, blocks[0]);
  wire::append_frame(expected, blocks[1]);
  EXPECT_EQ(got.body, expected);
}

TEST_P(ArchiveProtocol, presence_is_told_for_each_hash) {
  put_all({Block::of("a")});
  const auto has = send("POST", batch("has"), kFrames,
                        wire::print_hashes(std::vector<Hash>{Hash::of("b"), Hash::of("a"),
                                                             Hash::of("b"), Hash::of("a")}));
  EXPECT_EQ(has.status, 200);
  EXPECT_EQ(has.body, std::string("\0\1\0\1", 4));
}

TEST_P(ArchiveProtocol, empty_batches_are_fine) {
  EXPECT_EQ(send("POST", batch("get"), kFrames).status, 200);
  EXPECT_EQ(send("POST", batch("has"), kFrames).status, 200);
  EXPECT_EQ(send("POST", batch("put"), kFrames).status, 204);
}

TEST_P(ArchiveProtocol, a_batch_with_one_wrong_block_stores_none) {
  Bytes body;
  wire::append_frame(body, Block::of("good"));
  Bytes bad;
  wire::append_frame(bad, Block::of("bad"));
  bad.back() = '!';
  const auto refused = send("POST", batch("put"), kFrames, body + bad);
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(send("HEAD", path(Hash::of("good"))).status, 404);
}

TEST_P(ArchiveProtocol, frames_that_end_early_or_have_no_bytes_are_malformed) {
  Bytes body;
  wire::append_frame(body, Block::of("good"));
  EXPECT_EQ(send("POST", batch("put"), kFrames, body.substr(0, body.size() - 1)).status, 400);
  EXPECT_EQ(send("POST", batch("put"), kFrames, body + "x").status, 400);
  Bytes absent;
  wire::append_absent_frame(absent, Hash::of("a"));
  EXPECT_EQ(send("POST", batch("put"), kFrames, absent).status, 400);
}

TEST_P(ArchiveProtocol, hashes_that_are_not_whole_are_malformed) {
  EXPECT_EQ(send("POST", batch("get"), kFrames, std::string(33, 'x')).status, 400);
  EXPECT_EQ(send("POST", batch("has"), kFrames, std::string(31, 'x')).status, 400);
}

TEST_P(ArchiveProtocol, a_batch_must_say_what_it_is) {
  EXPECT_EQ(send("POST", batch("get"), {}, std::string(32, 'x')).status, 400);
  EXPECT_EQ(send("POST", batch("put"), {{"Content-Type", "text/plain"}}).status, 400);
}

TEST_P(ArchiveProtocol, the_number_of_hashes_is_bounded) {
  configure({.batch_hashes_max = 3});
  EXPECT_EQ(send("POST", batch("get"), kFrames, std::string(3 * 32, 'x')).status, 200);
  EXPECT_EQ(send("POST", batch("get"), kFrames, std::string(4 * 32, 'x')).status, 413);
  EXPECT_EQ(send("POST", batch("has"), kFrames, std::string(4 * 32, 'x')).status, 413);
  EXPECT_EQ(put_all({Block::of("1"), Block::of("2"), Block::of("3"), Block::of("4")}).status, 413);
}

TEST_P(ArchiveProtocol, the_bytes_of_a_batch_are_bounded_but_one_block_always_travels) {
  configure({.batch_bytes_max = 1000});
  const Block large = Block::of(Bytes(5000, 'L'));
  const Block small = Block::of(Bytes(500, 's'));
  EXPECT_EQ(put_all({large}).status, 204);
  EXPECT_EQ(put_all({small}).status, 204);
  const auto hashes = [](std::initializer_list<Hash> list) {
    return wire::print_hashes(std::vector<Hash>(list));
  };
  Bytes only_large;
  wire::append_frame(only_large, large);
  EXPECT_EQ(send("POST", batch("get"), kFrames, hashes({large.hash(), small.hash()})).body,
            only_large);
  Bytes only_small;
  wire::append_frame(only_small, small);
  EXPECT_EQ(send("POST", batch("get"), kFrames, hashes({small.hash(), large.hash()})).body,
            only_small);
}

TEST_P(ArchiveProtocol, a_batch_that_is_longer_than_announced_is_too_large) {
  configure({.block_bytes_max = 100, .batch_bytes_max = 1000});
  EXPECT_EQ(send("POST", batch("put"), kFrames, std::string(1001, 'x')).status, 413);
}

}  // namespace
}  // namespace dialog::test
