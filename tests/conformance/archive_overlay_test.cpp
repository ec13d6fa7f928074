#include "archive_suite.hpp"
#include "dialog/archive/memory_archive.hpp"
#include "overlay_archive.hpp"

namespace dialog::test {
namespace {

class OverlayFixture final : public ArchiveFixture {
 public:
  Archive& archive() override { return archive_; }
  Clock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  MemoryArchive upper_{clock_};
  MemoryArchive lower_{clock_};
  OverlayArchive archive_{upper_, lower_};
};

INSTANTIATE_TEST_SUITE_P(Overlay, ArchiveConformance,
                         testing::Values(factory<OverlayFixture>("Memory")), factory_name);

}  // namespace
}  // namespace dialog::test
