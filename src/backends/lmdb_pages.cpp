#include "lmdb_environment.hpp"

namespace dialog::lmdb {
Result<void> Environment::check_extent() { return {}; }
Result<void> Environment::check_pages() { return {}; }
}  // namespace dialog::lmdb
