#include "dialog/base/system_failure.hpp"

#include <cerrno>
#include <system_error>

namespace dialog {
namespace {

ErrorCode classify(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::storage_full;
    case ENOENT:
      return ErrorCode::not_found;
    case EMFILE:
    case ENFILE:
      return ErrorCode::resource_exhausted;
    default:
      return ErrorCode::storage_failed;
  }
}

}  // namespace

Error system_failure(int error_number, const std::string& attempt) {
  std::string message = "cannot " + attempt + ": ";
  message += std::generic_category().message(error_number);
  return {classify(error_number), message.append(system_advice(error_number)), {}};
}

std::string_view system_advice(int error_number) {
  return error_number == EIO ? "; look at the disk and at the system's log, then try again" : "";
}

}  // namespace dialog
