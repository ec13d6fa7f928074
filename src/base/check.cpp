#include "dialog/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace dialog::detail {

void check_failed(const char* condition, const char* message, const char* file, int line) {
  std::fprintf(stderr, "dialog: broken invariant: %s (%s) at %s:%d\n", message, condition, file,
               line);
  std::abort();
}

}  // namespace dialog::detail
