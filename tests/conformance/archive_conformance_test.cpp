#include "conformance/archive_suite.hpp"
#include "dialog/archive/caching_archive.hpp"
#include "dialog/archive/counting_archive.hpp"
#include "dialog/archive/faulty_archive.hpp"
#include "dialog/archive/memory_archive.hpp"
#include "dialog/archive/verifying_archive.hpp"

namespace dialog::test {
namespace {

class MemoryFixture final : public ArchiveFixture {
 public:
  Archive& archive() override { return archive_; }
  CollectableArchive* collectable() override { return &archive_; }
  Clock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  MemoryArchive archive_{clock_};
};

/// A decorator around an archive in memory; `arguments` come after it.
template <class Decorator>
class DecoratedFixture final : public ArchiveFixture {
 public:
  template <class... Arguments>
  explicit DecoratedFixture(Arguments&&... arguments)
      : archive_(inner_, std::forward<Arguments>(arguments)...) {}
  Archive& archive() override { return archive_; }
  Clock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  MemoryArchive inner_{clock_};
  Decorator archive_;
};

class CachingFixture final : public ArchiveFixture {
 public:
  Archive& archive() override { return archive_; }
  Clock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  MemoryArchive local_{clock_};
  MemoryArchive remote_{clock_};
  CachingArchive archive_{local_, remote_};
};

INSTANTIATE_TEST_SUITE_P(
    Archive, ArchiveConformance,
    ::testing::Values(factory<MemoryFixture>("Memory"), factory<CachingFixture>("Caching"),
                      factory<DecoratedFixture<VerifyingArchive>>("Verifying"),
                      factory<DecoratedFixture<CountingArchive>>("Counting"),
                      factory<DecoratedFixture<FaultyArchive>>("FaultyWithoutFaults",
                                                               std::uint64_t{1})),
    factory_name);

INSTANTIATE_TEST_SUITE_P(Archive, CollectableArchiveConformance,
                         ::testing::Values(factory<MemoryFixture>("Memory")), factory_name);

}  // namespace
}  // namespace dialog::test
