#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/random.hpp"
#include "dialog/base/result.hpp"

namespace dialog {

/// An open file of a `Disk`; closed at destruction, whatever has happened to its name meanwhile.
/// Calls block. Reads may come from several threads at once; writes may not.
///
/// Errors of every call: `storage_failed`, and `storage_full` where something is written.
class DiskFile {
 public:
  DiskFile() = default;
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;
  virtual ~DiskFile() = default;

  virtual Result<std::uint64_t> size() = 0;

  /// Fills `out` from `offset` on and returns how many bytes there were: fewer than asked for only
  /// at the end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> out) = 0;

  /// Writes all of `bytes`; what lies between the end and `offset` becomes zeros. After an error or
  /// a crash any part of them may be there.
  virtual Result<void> write(std::uint64_t offset, ByteView bytes) = 0;

  /// Cuts the file, or extends it with zeros.
  virtual Result<void> resize(std::uint64_t size) = 0;

  /// On return what was written to this file survives a power cut. Its name may not: see
  /// `Disk::sync_folder`. After an error nothing is known about what was written since the last
  /// success, and repeating the call proves nothing: write it all again to another file.
  virtual Result<void> sync() = 0;
};

/// The seam for files, for whatever must survive a crash at any moment. Paths are those of the
/// platform. Names that are made, replaced or removed are visible at once, and survive a power cut
/// after `sync_folder` only. Thread-safe. Calls block.
///
/// Errors of every call: `storage_failed`; `storage_full` and `resource_exhausted` where something
/// is made.
class Disk {
 public:
  enum class Open : std::uint8_t {
    existing,  ///< `not_found` where there is none
    fresh,  ///< makes an empty file that its owner alone may read; `already_exists` where there is
            ///< one
  };

  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, Open how) = 0;

  /// Gives a file another name in one step; a file that had that name loses it. `not_found`.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;

  /// Gives a file a second name. `not_found`; `already_exists` where the name is taken.
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;

  /// Takes a name away, and with the last one the file. `not_found`.
  virtual Result<void> remove(const std::string& path) = 0;

  /// The names in a folder, sorted, without those of folders. `not_found`.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;

  /// On return the names in the folder survive a power cut. `not_found`.
  virtual Result<void> sync_folder(const std::string& folder) = 0;
};

/// The folder part of a path; "." where it has none.
std::string parent_of(const std::string& path);

/// The whole of a file. `not_found`; `too_large` above `bytes_max`.
Result<Bytes> read_file(Disk& disk, const std::string& path, std::size_t bytes_max);

/// What becomes of a file that has the name already.
enum class Replace : std::uint8_t { no, yes };

/// Writes a whole file, durably and in one step: at every moment, also after a crash, the name
/// stands for all of the old content or all of the new. After an error it is one of the two.
/// `already_exists` where the name is taken and must not be. A crash may leave a file
/// `<path>.part-<random>` behind.
Result<void> write_file(Disk& disk, RandomSource& random, const std::string& path, ByteView content,
                        Replace replace);

}  // namespace dialog
