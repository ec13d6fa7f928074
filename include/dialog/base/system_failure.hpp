#pragma once

#include <string>
#include <string_view>

#include "dialog/base/error.hpp"

namespace dialog {

/// The failure of a call of the operating system: `attempt` completes "cannot ...". `storage_full`
/// for ENOSPC and EDQUOT, `not_found` for ENOENT, `resource_exhausted` for EMFILE and ENFILE,
/// otherwise `storage_failed`, with the system's words and what to do.
Error system_failure(int error_number, const std::string& attempt);

/// What to do, as the rest of a message; empty where the system's words say it.
std::string_view system_advice(int error_number);

}  // namespace dialog
