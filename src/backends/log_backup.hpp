#pragma once

#include <string>

#include "dialog/backends/log_backup.hpp"
#include "log_folder.hpp"

namespace dialog {

/// Makes `folder` a store that holds what `from` durably holds. See
/// `LogRepositoryStore::back_up`.
Result<LogBackup> back_up(LogFolder& from, const std::string& folder, lmdb::Purpose purpose,
                          const LogBackupOptions& options);

/// See `LogRepositoryStore::rebuild_index`.
Result<LogRebuilt> rebuild_index(const std::string& folder, lmdb::Purpose purpose,
                                 LoseDamaged lose);

}  // namespace dialog
