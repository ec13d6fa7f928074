#include <cstdlib>
#include <filesystem>

#include "conformance/disk_suite.hpp"
#include "dialog/backends/native_disk.hpp"

namespace dialog::test {
namespace {

class NativeFixture final : public DiskFixture {
 public:
  NativeFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "dialog-disk-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~NativeFixture() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Disk& disk() override { return native_disk(); }
  std::string folder() override { return folder_; }

 private:
  std::string folder_;
};

INSTANTIATE_TEST_SUITE_P(Disk, DiskConformance, ::testing::Values(factory<NativeFixture>("Native")),
                         factory_name);

TEST(NativeDisk, MakesFilesForTheirOwnerAlone) {
  NativeFixture fixture;
  const std::string path = fixture.folder() + "/secret";
  ASSERT_TRUE(write_file(native_disk(), system_random(), path, "s", Replace::no));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
}

TEST(NativeDisk, TellsOfAMissingFolder) {
  const auto listed = native_disk().list("/nowhere/at/all");
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, ErrorCode::not_found);
  EXPECT_THAT(listed.error().message, ::testing::HasSubstr("/nowhere/at/all"));
}

TEST(NativeDisk, TellsOfAFolderWhereAFileShouldBe) {
  NativeFixture fixture;
  const auto file = native_disk().open(fixture.folder(), Disk::Open::existing);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::storage_failed);
}

}  // namespace
}  // namespace dialog::test
