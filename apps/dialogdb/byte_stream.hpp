#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "dialog/base/system_failure.hpp"

namespace dialog::cli {

/// Where an import reads from. Not thread-safe.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  /// Fills the front of `buffer` and gives the number of bytes; 0 only at the end.
  /// `storage_failed`.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

/// Where an export writes to. Not thread-safe.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink() = default;

  /// `storage_full`, `storage_failed`.
  virtual Result<void> write(ByteView bytes) = 0;
  /// Hands everything on; the output is complete only after this succeeded.
  virtual Result<void> finish() = 0;
};

/// Reads bytes that lie in memory. They must outlive the object.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(ByteView bytes) : rest_(bytes) {}
  Result<std::size_t> read(std::span<char> buffer) override;

 private:
  ByteView rest_;
};

class MemorySink final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override { return {}; }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// A file, or standard input for the path `-`. `not_found`, `storage_failed`.
class FileSource final : public ByteSource {
 public:
  static constexpr int kNeverStops = -1;
  /// Where input has to be waited for, as from a pipe, a read ends with `cancelled` once the
  /// descriptor `stop` can be read.
  static Result<std::unique_ptr<FileSource>> open(const std::string& path, int stop = kNeverStops);
  ~FileSource() override;
  Result<std::size_t> read(std::span<char> buffer) override;

  /// As messages name it.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Of a regular file; absent for a pipe.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  FileSource(int descriptor, std::string path, int stop);
  Result<void> wait_for_input() const;
  int descriptor_;
  std::string path_;
  int stop_;
  std::optional<std::uint64_t> size_;
  std::uint64_t bytes_read_ = 0;
};

/// A file. It appears under its name only in `finish`, so that a failed export leaves what was
/// there before.
class FileSink final : public ByteSink {
 public:
  static Result<std::unique_ptr<FileSink>> create(const std::string& path);
  ~FileSink() override;
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;

 private:
  FileSink(int descriptor, std::string path, std::string temporary);
  Result<void> drain();
  int descriptor_;
  std::string path_;
  std::string temporary_;
  Bytes pending_;
};

/// Writes all bytes to a descriptor. `storage_full`, `storage_failed`; `what` names it in the
/// message.
Result<void> write_all(int descriptor, ByteView bytes, std::string_view what);

}  // namespace dialog::cli
