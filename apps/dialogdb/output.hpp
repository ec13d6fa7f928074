#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "byte_format.hpp"
#include "byte_stream.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/base/error.hpp"
#include "json.hpp"

namespace dialog::cli {

/// What the program tells: results on standard output, everything else on standard error. Not
/// thread-safe.
class Output {
 public:
  struct Options {
    bool json = false;   ///< results and errors as JSON lines
    bool quiet = false;  ///< no notes
  };
  Output() = default;
  void configure(const Options& options) { options_ = options; }
  [[nodiscard]] bool json() const { return options_.json; }
  [[nodiscard]] bool quiet() const { return options_.quiet; }

  /// Part of the result, as it is.
  void raw(ByteView bytes);
  /// A line of the result, for people.
  void line(std::string_view text);
  /// A line of the result, for programs.
  void document(const Json& content);

  /// What a person may want to know; not with --json or --quiet.
  void note(std::string_view text);
  /// What a person must know. With --json a line `{"warning":…}`.
  void warn(std::string_view text);
  void error(const Error& error);

  /// Hands on what is still held back. `storage_failed` and so on where results could not be
  /// written, now or before.
  Result<void> finish();
  /// True where nobody reads the results any more.
  [[nodiscard]] bool reader_is_gone() const { return reader_is_gone_; }
  /// False where further results get nowhere: nobody reads them, or they cannot be written.
  [[nodiscard]] bool takes_more() const { return !reader_is_gone_ && !failure_; }

 private:
  void drain();
  Options options_;
  Bytes pending_;
  std::optional<Error> failure_;
  bool reader_is_gone_ = false;
};

/// Writes to standard output what must not be held in memory. The output must outlive the sink.
class OutputSink final : public ByteSink {
 public:
  explicit OutputSink(Output& output) : output_(output) {}
  /// `cancelled` where the output takes no more; `Output::finish` tells why.
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override { return output_.finish(); }

 private:
  Output& output_;
};

/// Sets `name`, or `name_hex` or `name_base64`, to the bytes: as text where they are plain,
/// otherwise as base64, unless another format is asked for.
void set_bytes(Json& object, const std::string& name, ByteView bytes, ByteFormat format);

/// The words for one error, in the shape of `--json`.
Json error_document(const Error& error);

/// `n` and the word, in the plural where it is not one: "1 entry", "2 entries".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

/// A size for people: "4.2 MiB".
std::string readable_bytes(std::uint64_t bytes);

/// In UTC, to the second.
std::string readable_time(WallTime time);

}  // namespace dialog::cli
