#include "lmdb_error.hpp"

#include <cerrno>
#include <lmdb.h>

#include "dialog/base/system_failure.hpp"

namespace dialog::lmdb {
namespace {

ErrorCode classify(int code) {
  if (is_full(code)) return ErrorCode::storage_full;
  switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
      return ErrorCode::corrupt;
    case MDB_VERSION_MISMATCH:
      return ErrorCode::unsupported;
    case MDB_READERS_FULL:
    case EAGAIN:
    case EBUSY:
      return ErrorCode::busy;
    case MDB_TXN_FULL:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return ErrorCode::resource_exhausted;
    default:
      return ErrorCode::storage_failed;
  }
}

std::string_view advice(int code) {
  switch (code) {
    case MDB_MAP_FULL:
      return "; the database has reached its configured size";
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      return "; the database is damaged: restore it or clone it again";
    case MDB_PANIC:
      return "; a write to its first pages failed: open it again";
    case MDB_READERS_FULL:
      return "; too many readers at once: try again later";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; the folder and its files must be writable";
    default:
      return system_advice(code);
  }
}

}  // namespace

bool is_full(int code) {
  return code == ENOSPC || code == EDQUOT || code == EFBIG || code == MDB_MAP_FULL;
}

Error failure(int code, std::string_view attempt, const std::string& folder) {
  std::string message = "cannot ";
  message.append(attempt).append(" in ").append(folder).append(": ");
  message.append(mdb_strerror(code)).append(advice(code));
  return {classify(code), std::move(message), {}};
}

}  // namespace dialog::lmdb
