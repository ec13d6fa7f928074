#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "dialog/base/check.hpp"
#include "dialog/base/hash.hpp"

#ifdef DIALOG_BLAKE3_LANES
extern "C" {
#include <blake3_impl.h>
}
#endif

namespace dialog {

#ifndef DIALOG_BLAKE3_LANES

void hash_each(std::span<const ByteView> inputs, std::span<Hash> hashes) {
  DIALOG_CHECK(inputs.size() == hashes.size(), "a hash for each input");
  for (std::size_t i = 0; i < inputs.size(); ++i) hashes[i] = Hash::of(inputs[i]);
}

#else

namespace {

// The library hashes the chunks of one input side by side, as many as the processor has lanes. An
// input of a few chunks leaves most lanes empty; here they hold the chunks of other inputs. The
// tree of BLAKE3 is that of its specification: chunks of 1,024 bytes are the leaves, parents join
// neighbours two by two, and an odd one moves up.

constexpr std::size_t kChunk = BLAKE3_CHUNK_LEN;
constexpr std::size_t kBlock = BLAKE3_BLOCK_LEN;
// A larger input fills all lanes by itself.
constexpr std::size_t kSideBySideMax = 16 * kChunk;
// What is worked on at once, so that it stays in the cache of the processor.
constexpr std::size_t kInputsAtOnce = 256;

using Digest = std::array<std::uint8_t, BLAKE3_OUT_LEN>;

class Lanes {
 public:
  Lanes(std::span<const ByteView> inputs, std::span<Hash> hashes)
      : inputs_(inputs), hashes_(hashes) {
    for (const ByteView input : inputs_) {
      const std::size_t chunks = std::max<std::size_t>(1, (input.size() + kChunk - 1) / kChunk);
      first_.push_back(digests_.size());
      left_.push_back(chunks);
      chunks_max_ = std::max(chunks_max_, chunks);
      digests_.resize(digests_.size() + chunks);
    }
  }

  void run() {
    for (std::size_t chunk = 0; chunk + 1 < chunks_max_; ++chunk) hash_inner_chunks(chunk);
    hash_last_chunks();
    while (join_parents()) continue;
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      hashes_[i] = *Hash::from_bytes(
          {reinterpret_cast<const char*>(digests_[first_[i]].data()), Hash::kSize});
  }

 private:
  struct Job {
    const std::uint8_t* in;
    Digest* out;
  };

  static const std::uint8_t* bytes_of(ByteView input) {
    return reinterpret_cast<const std::uint8_t*>(input.data());
  }

  // One call for all jobs, each of `blocks` whole blocks at the same place of its input.
  void run_jobs(std::size_t blocks, std::uint64_t counter, unsigned flags, unsigned flags_start,
                unsigned flags_end) {
    if (jobs_.empty()) return;
    sources_.resize(jobs_.size());
    results_.resize(jobs_.size());
    for (std::size_t i = 0; i < jobs_.size(); ++i) sources_[i] = jobs_[i].in;
    blake3_hash_many(sources_.data(), sources_.size(), blocks, kStart.data(), counter, false,
                     static_cast<std::uint8_t>(flags), static_cast<std::uint8_t>(flags_start),
                     static_cast<std::uint8_t>(flags_end), results_.front().data());
    for (std::size_t i = 0; i < jobs_.size(); ++i) *jobs_[i].out = results_[i];
    jobs_.clear();
  }

  // Whole chunks that are not the last ones of their inputs.
  void hash_inner_chunks(std::size_t chunk) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (chunk + 1 < left_[i])
        jobs_.push_back({bytes_of(inputs_[i]) + chunk * kChunk, &digests_[first_[i] + chunk]});
    }
    run_jobs(kChunk / kBlock, chunk, 0, CHUNK_START, CHUNK_END);
  }

  // All but the last block of the last chunks, side by side where they are equally many at the same
  // place, and then the last blocks, each by itself.
  void hash_last_chunks() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> order;  // place, input
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::size_t size = std::max<std::size_t>(inputs_[i].size(), 1);
      order.emplace_back((size - 1) / kBlock, i);
    }
    std::sort(order.begin(), order.end());
    for (std::size_t begin = 0; begin < order.size();) {
      std::size_t end = begin;
      const std::size_t place = order[begin].first;
      const std::size_t blocks = place % (kChunk / kBlock);
      const std::size_t chunk = place / (kChunk / kBlock);
      for (; end < order.size() && order[end].first == place; ++end) {
        const std::size_t i = order[end].second;
        jobs_.push_back({bytes_of(inputs_[i]) + chunk * kChunk, &digests_[first_[i] + chunk]});
      }
      if (blocks > 0) {
        run_jobs(blocks, chunk, 0, CHUNK_START, 0);
      } else {
        for (const Job& job : jobs_) *job.out = kStartDigest;
        jobs_.clear();
      }
      for (; begin < end; ++begin) hash_last_block(order[begin].second, blocks == 0);
    }
  }

  void hash_last_block(std::size_t i, bool is_first) {
    const std::size_t chunk = left_[i] - 1;
    const std::size_t at = inputs_[i].empty() ? 0 : (inputs_[i].size() - 1) / kBlock * kBlock;
    const std::size_t length = inputs_[i].size() - at;
    std::array<std::uint8_t, kBlock> block{};
    if (length > 0) std::memcpy(block.data(), bytes_of(inputs_[i]) + at, length);
    unsigned flags = CHUNK_END;
    if (is_first) flags |= CHUNK_START;
    if (left_[i] == 1) flags |= ROOT;
    Digest& digest = digests_[first_[i] + chunk];
    std::array<std::uint32_t, 8> words{};
    load_key_words(digest.data(), words.data());
    blake3_compress_in_place(words.data(), block.data(), static_cast<std::uint8_t>(length), chunk,
                             static_cast<std::uint8_t>(flags));
    store_cv_words(digest.data(), words.data());
  }

  // One level of parents. False where every input has come down to one digest.
  bool join_parents() {
    bool joined = false;
    for (const bool root : {false, true}) {
      for (std::size_t i = 0; i < inputs_.size(); ++i) {
        if (left_[i] < 2 || (left_[i] == 2) != root) continue;
        Digest* digests = &digests_[first_[i]];
        for (std::size_t pair = 0; pair + 1 < left_[i]; pair += 2)
          jobs_.push_back({digests[pair].data(), &digests[pair / 2]});
      }
      joined = joined || !jobs_.empty();
      run_jobs(1, 0, PARENT | (root ? unsigned{ROOT} : 0U), 0, 0);
    }
    if (!joined) return false;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (left_[i] % 2 == 1)
        digests_[first_[i] + left_[i] / 2] = digests_[first_[i] + left_[i] - 1];
      left_[i] = (left_[i] + 1) / 2;
    }
    return true;
  }

  // The state before the first block of every chunk: the first words of SHA-256.
  static constexpr std::array<std::uint32_t, 8> kStart{0x6A09E667, 0xBB67AE85, 0x3C6EF372,
                                                       0xA54FF53A, 0x510E527F, 0x9B05688C,
                                                       0x1F83D9AB, 0x5BE0CD19};
  static constexpr Digest kStartDigest = [] {
    Digest digest{};
    for (std::size_t i = 0; i < digest.size(); ++i)
      digest[i] = static_cast<std::uint8_t>(kStart[i / 4] >> (8 * (i % 4)));
    return digest;
  }();

  std::span<const ByteView> inputs_;
  std::span<Hash> hashes_;
  std::size_t chunks_max_ = 0;
  std::vector<std::size_t> first_;  // of each input: where its digests begin
  std::vector<std::size_t> left_;   // and how many it has left
  std::vector<Digest> digests_;
  std::vector<Job> jobs_;
  std::vector<const std::uint8_t*> sources_;
  std::vector<Digest> results_;
};

}  // namespace

void hash_each(std::span<const ByteView> inputs, std::span<Hash> hashes) {
  DIALOG_CHECK(inputs.size() == hashes.size(), "a hash for each input");
  std::vector<ByteView> together;
  std::vector<std::size_t> places;
  std::vector<Hash> found;
  const auto finish = [&] {
    found.resize(together.size());
    Lanes(together, found).run();
    for (std::size_t i = 0; i < places.size(); ++i) hashes[places[i]] = found[i];
    together.clear();
    places.clear();
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].size() >= kSideBySideMax) {
      hashes[i] = Hash::of(inputs[i]);
      continue;
    }
    together.push_back(inputs[i]);
    places.push_back(i);
    if (together.size() == kInputsAtOnce) finish();
  }
  if (!together.empty()) finish();
}

#endif

}  // namespace dialog
