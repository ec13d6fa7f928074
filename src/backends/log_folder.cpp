#include "log_folder.hpp"

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "dialog/backends/native_disk.hpp"
#include "folder.hpp"

namespace dialog {
namespace {

namespace fs = std::filesystem;

// What may be there where a process died while it created the store.
bool is_own_name(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames{"index", "index.new", "control", "lease",
                                                   "scratch"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name.starts_with("log-");
}

Result<void> check_folder(const std::string& folder, StoreOpen how) {
  std::error_code error;
  const std::string name = folder + LogFolder::kIndexName + "/data.mdb";
  const bool is_there = fs::exists(name, error);
  if (error) return fail(system_failure(error.value(), "look at " + name));
  if (how == StoreOpen::existing) {
    if (is_there) return {};
    return fail(ErrorCode::not_found, "there is no store in " + folder);
  }
  if (is_there) {
    if (how == StoreOpen::ensure) return {};
    return fail(ErrorCode::already_exists, folder + " holds a store already");
  }
  DIALOG_TRY(make_folder(folder));
  return LogFolder::check_names(folder);
}

LmdbOptions index_options(const LogOptions& options) {
  LmdbOptions index;
  index.open = options.open == StoreOpen::existing ? options.open : StoreOpen::ensure;
  index.clock = options.clock;
  return index;
}

}  // namespace

Result<void> LogFolder::check_names(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string other = at->path().filename().string();
    if (is_own_name(other)) continue;
    return fail(ErrorCode::already_exists,
                folder + " holds other files (" + other + "); choose an empty or a new folder");
  }
  if (error) return fail(system_failure(error.value(), "read the folder " + folder));
  return {};
}

LogFolder::LogFolder(std::string path, std::shared_ptr<lmdb::Environment> environment,
                     std::unique_ptr<NativeCoordinator> coordinator, Clock& clock)
    : path_(std::move(path)),
      index_(std::move(environment)),
      coordinator_(std::move(coordinator)),
      clock_(clock) {}

Result<std::unique_ptr<LogFolder>> LogFolder::open(const std::string& folder, lmdb::Purpose purpose,
                                                   const LogOptions& options) {
  DIALOG_TRY(check_folder(folder, options.open));
  DIALOG_ASSIGN(auto environment, lmdb::Environment::open(folder + LogFolder::kIndexName, purpose,
                                                          index_options(options)));
  DIALOG_ASSIGN(auto coordinator, NativeCoordinator::open(folder + LogFolder::kControlName));
  std::unique_ptr<LogFolder> opened(
      new LogFolder(folder, std::move(environment), std::move(coordinator), *options.clock));
  DIALOG_TRY(opened->index_.prepare());
  DIALOG_ASSIGN(opened->engine_, store::Engine::open({native_disk(), opened->path_, opened->index_,
                                                      *opened->coordinator_, opened->clock_},
                                                     options.limits));
  return opened;
}

}  // namespace dialog
