#include "lease.hpp"

#include <utility>

#include "folder.hpp"

namespace dialog {
namespace {

class Lease final : public StoreLease {
 public:
  explicit Lease(FileLock lock) : lock_(std::move(lock)) {}

 private:
  FileLock lock_;
};

}  // namespace

Result<std::unique_ptr<StoreLease>> take_lease(const std::string& file, LeaseKind kind) {
  DIALOG_ASSIGN(auto lock,
                FileLock::take(file, kind == LeaseKind::write ? FileLock::Kind::shared
                                                              : FileLock::Kind::exclusive));
  return std::make_unique<Lease>(std::move(lock));
}

}  // namespace dialog
