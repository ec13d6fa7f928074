#pragma once

#include "dialog/base/disk.hpp"

namespace dialog {

/// The files of this machine. One object for the whole process.
Disk& native_disk();

}  // namespace dialog
