#pragma once

#include "s3_caller.hpp"

namespace dialog::detail {

/// Makes sure that the store honours `If-None-Match: *` and `If-Match` of a write: `unsupported`
/// where it does not. Five requests.
Result<void> probe_conditions(const S3Caller& caller, const Context& context);

}  // namespace dialog::detail
