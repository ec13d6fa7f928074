#pragma once

#include "entry_format.hpp"
#include "text_scanner.hpp"

namespace dialog::cli {

/// One JSON object per line. Blank lines mean nothing.
class NdjsonReader final : public EntryReader {
 public:
  NdjsonReader(ByteSource& source, const EntryOptions& options);
  Result<ReadStep> next() override;

 private:
  ReadStep read_line(std::uint64_t number) const;
  EntryOptions options_;
  TextScanner scanner_;
  Bytes line_;
};

/// Members are `key` and `value`, or `key_base64` and so on where bytes are no plain text or
/// another byte format is asked for.
class NdjsonWriter final : public EntryWriter {
 public:
  NdjsonWriter(ByteSink& sink, const EntryOptions& options);
  Result<void> write(ByteView key, ByteView value) override;

 private:
  ByteSink& sink_;
  EntryOptions options_;
  Bytes line_;
};

}  // namespace dialog::cli
