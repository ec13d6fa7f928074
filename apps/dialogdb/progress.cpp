#include "progress.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "byte_stream.hpp"
#include "output.hpp"

namespace dialog::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBarWidth = 30;
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

Progress::Progress(bool visible, std::string label, bool counts_bytes)
    : visible_(visible),
      counts_bytes_(counts_bytes),
      label_(std::move(label)),
      started_(system_clock().now()),
      next_draw_(started_ + 500ms) {}

Progress::~Progress() {
  if (drawn_) static_cast<void>(write_all(STDERR_FILENO, kEraseLine, "standard error"));
}

void Progress::update(std::uint64_t done, std::optional<std::uint64_t> total) {
  if (!visible_) return;
  const MonotonicTime now = system_clock().now();
  if (now < next_draw_) return;
  next_draw_ = now + 100ms;
  draw(done, total);
}

void Progress::draw(std::uint64_t done, std::optional<std::uint64_t> total) {
  drawn_ = true;
  const auto shown = [&](std::uint64_t count) {
    return counts_bytes_ ? readable_bytes(count) : fmt::format("{}", count);
  };
  const double seconds = std::chrono::duration<double>(system_clock().now() - started_).count();
  const auto rate =
      static_cast<std::uint64_t>(static_cast<double>(done) / std::max(seconds, 0.001));
  std::string text(kEraseLine);
  text += label_ + " ";
  if (total && *total > 0) {
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(*total));
    const auto filled = static_cast<std::size_t>(part * kBarWidth);
    text +=
        fmt::format("[{:#<{}}{:.<{}}] {:3.0f} %  ", "", filled, "", kBarWidth - filled, part * 100);
    text += fmt::format("{} of {}", shown(done), shown(*total));
  } else {
    text += shown(done);
  }
  text += fmt::format("  {}/s", shown(rate));
  static_cast<void>(write_all(STDERR_FILENO, text, "standard error"));
}

}  // namespace dialog::cli
