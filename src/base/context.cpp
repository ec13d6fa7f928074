#include "dialog/base/context.hpp"

namespace dialog {

Result<void> check_context(const Context& context, Clock& clock) {
  if (context.cancel.cancelled()) {
    return fail(ErrorCode::cancelled, "cancelled by the caller");
  }
  if (context.deadline && clock.now() >= *context.deadline) {
    return fail(ErrorCode::timeout, "the deadline has passed");
  }
  return {};
}

}  // namespace dialog
