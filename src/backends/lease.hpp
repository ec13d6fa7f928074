#pragma once

#include <memory>
#include <string>

#include "dialog/base/result.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog {

/// A lease that is a lock on `file`, which is created where it is missing. Never waits: `busy`.
Result<std::unique_ptr<StoreLease>> take_lease(const std::string& file, LeaseKind kind);

}  // namespace dialog
