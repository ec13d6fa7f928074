#include "output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <unistd.h>

namespace dialog::cli {
namespace {

constexpr std::size_t kPendingBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kMissingShownMax = 10;

// Nothing can be done about a line that cannot be shown.
void show(std::string line) {
  line += '\n';
  static_cast<void>(write_all(STDERR_FILENO, line, "standard error"));
}

}  // namespace

void Output::raw(ByteView bytes) {
  pending_ += bytes;
  if (pending_.size() >= kPendingBytesMax) drain();
}

void Output::line(std::string_view text) {
  raw(text);
  raw("\n");
}

void Output::document(const Json& content) { line(content.to_line()); }

void Output::note(std::string_view text) {
  if (!options_.json && !options_.quiet) show(without_controls(text));
}

void Output::warn(std::string_view text) {
  if (options_.json) {
    show(Json{{"warning", text}}.to_line());
  } else {
    show("warning: " + without_controls(text));
  }
}

void Output::error(const Error& error) {
  if (options_.json) {
    show(error_document(error).to_line());
    return;
  }
  std::string text = "dialogdb: " + without_controls(error.message);
  const std::size_t shown = std::min(error.missing.size(), kMissingShownMax);
  for (std::size_t i = 0; i < shown && error.missing.size() > 1; ++i) {
    text += "\n  missing " + error.missing[i].hex();
  }
  if (error.code == ErrorCode::internal) {
    text += "\n  This is a defect of dialogdb; please report it with the command that led to it.";
  }
  show(text);
}

void Output::drain() {
  if (takes_more()) {
    errno = 0;
    if (auto written = write_all(STDOUT_FILENO, pending_, "standard output"); !written) {
      reader_is_gone_ = errno == EPIPE;
      if (!reader_is_gone_) failure_ = written.error();
    }
  }
  pending_.clear();
}

Result<void> Output::finish() {
  drain();
  if (failure_) return fail(*failure_);
  return {};
}

Result<void> OutputSink::write(ByteView bytes) {
  output_.raw(bytes);
  if (output_.takes_more()) return {};
  return fail(ErrorCode::cancelled, "standard output takes no more");
}

void set_bytes(Json& object, const std::string& name, ByteView bytes, ByteFormat format) {
  if (format == ByteFormat::text && !is_plain_text(bytes)) format = ByteFormat::base64;
  if (format == ByteFormat::hex) {
    object[name + "_hex"] = to_hex(bytes);
  } else if (format == ByteFormat::base64) {
    object[name + "_base64"] = to_base64(bytes);
  } else {
    object[name] = encode(format, bytes);
  }
}

Json error_document(const Error& error) {
  const ErrorRow& row = error_row(error.code);
  Json document{{"code", row.name},
                {"message", error.message},
                {"retry", to_string(row.retry)},
                {"exit_code", row.exit_code}};
  if (!error.missing.empty()) {
    document["missing_count"] = error.missing.size();
    Json& missing = document["missing"] = Json::array();
    const std::size_t shown = std::min(error.missing.size(), kMissingShownMax);
    for (std::size_t i = 0; i < shown; ++i) missing.push_back(error.missing[i].hex());
  }
  return Json{{"error", std::move(document)}};
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string readable_time(WallTime time) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string readable_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace dialog::cli
