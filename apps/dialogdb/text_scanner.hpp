#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "byte_stream.hpp"

namespace dialog::cli {

/// Hands out the bytes of a source one by one and knows where it stands. Skips a UTF-8 byte order
/// mark at the very start.
class TextScanner {
 public:
  /// `source` must outlive the scanner.
  explicit TextScanner(ByteSource& source);

  /// The next byte, which stays; absent at the end.
  Result<std::optional<char>> peek();
  /// Takes the byte that `peek` showed.
  void take();

  /// Takes the rest of the present line without its end (LF or CRLF) and appends at most
  /// `bytes_max` of it to `line`. False where there was more.
  Result<bool> take_line(Bytes& line, std::size_t bytes_max);

  /// The position of the next byte.
  [[nodiscard]] std::uint64_t line() const { return line_; }
  [[nodiscard]] std::uint64_t column() const { return column_; }

 private:
  Result<bool> refill();
  ByteSource& source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool started_ = false;
  std::uint64_t line_ = 1;
  std::uint64_t column_ = 1;
};

}  // namespace dialog::cli
