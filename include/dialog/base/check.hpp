#pragma once

namespace dialog::detail {
[[noreturn]] void check_failed(const char* condition, const char* message, const char* file,
                               int line);
}  // namespace dialog::detail

/// Aborts with a message where an invariant of this library is broken; in release builds too.
/// Never for bad input: that is an `Error`.
#define DIALOG_CHECK(condition, message)                                       \
  do {                                                                         \
    if (!(condition)) [[unlikely]]                                             \
      ::dialog::detail::check_failed(#condition, message, __FILE__, __LINE__); \
  } while (false)
