#include "conformance/disk_suite.hpp"
#include "support/memory_disk.hpp"

namespace dialog::test {
namespace {

class MemoryFixture final : public DiskFixture {
 public:
  Disk& disk() override { return disk_; }
  std::string folder() override { return "/data"; }

 private:
  MemoryDisk disk_;
};

INSTANTIATE_TEST_SUITE_P(Disk, DiskConformance, ::testing::Values(factory<MemoryFixture>("Memory")),
                         factory_name);

}  // namespace
}  // namespace dialog::test
