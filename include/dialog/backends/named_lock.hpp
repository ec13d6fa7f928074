#pragma once

#include <cstdint>
#include <string>

#include "dialog/base/result.hpp"

namespace dialog {

enum class LockWait : std::uint8_t { no, yes };

enum class NamedLock : std::uint8_t {
  won,
  lost,         ///< somebody else was faster
  unsupported,  ///< by the file system
};

/// Locks an open file or folder against all other descriptors, of this process too, until
/// `descriptor` is closed. Who removes it does so under its lock, so that a lock counts only where
/// `path` still stands for what was locked. `lost` where it does not, or where another holds the
/// lock and this is not to wait: close `descriptor`. `storage_failed`.
Result<NamedLock> lock_named(int descriptor, const std::string& path, LockWait wait);

}  // namespace dialog
