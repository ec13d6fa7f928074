#include "support/seeds.hpp"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string_view>

#ifndef __EMSCRIPTEN__
#include <unistd.h>
#endif

namespace dialog::test {
namespace {

std::string reproduction(std::uint64_t seed) {
  return "reproduce with DIALOG_TEST_SEED=" + std::to_string(seed);
}

#ifndef __EMSCRIPTEN__
std::atomic<std::uint64_t> seed_in_play{0};
std::atomic<bool> is_in_play{false};

// Only what a signal handler may call: no allocation, no stdio.
void print_seed_and_abort(int) {
  if (is_in_play.load()) {
    char text[64] = "reproduce with DIALOG_TEST_SEED=";
    char* const digits = text + std::char_traits<char>::length(text);
    char* end = std::to_chars(digits, text + sizeof text - 1, seed_in_play.load()).ptr;
    *end++ = '\n';
    [[maybe_unused]] const auto written =
        write(STDERR_FILENO, text, static_cast<std::size_t>(end - text));
  }
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}
#endif

}  // namespace

SeedRange seeds_to_run(std::uint64_t count) {
  const char* const wanted = std::getenv("DIALOG_TEST_SEED");
  if (wanted == nullptr) return {1, count};
  const std::string_view text = wanted;
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size()) {
    ADD_FAILURE() << "DIALOG_TEST_SEED is no number: " << text;
  }
  return {seed, 1};
}

SeedInPlay::SeedInPlay(std::uint64_t seed) : trace_(__FILE__, __LINE__, reproduction(seed)) {
#ifndef __EMSCRIPTEN__
  seed_in_play = seed;
  is_in_play = true;
  std::signal(SIGABRT, print_seed_and_abort);
#endif
}

SeedInPlay::~SeedInPlay() {
#ifndef __EMSCRIPTEN__
  is_in_play = false;
#endif
}

}  // namespace dialog::test
