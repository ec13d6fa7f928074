#include "process/s3_process.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "dialog/base/check.hpp"
#include "process/free_port.hpp"

namespace dialog::test {
namespace {

constexpr const char* kRegion = "test-region-1";
constexpr const char* kAccess = "ACCESSKEY";
constexpr const char* kSecret = "secret/key+of=tests";

/// Where the program is. Built now where it is not there yet.
std::string program() {
  Child build({DIALOG_S3_SERVER_SCRIPT});
  const std::optional<std::string> path = build.line();
  DIALOG_CHECK(build.wait() == 0 && path.has_value(), "scripts/s3_server.sh");
  return *path;
}

}  // namespace

S3Process::S3Process() {
  const std::string data = folder_ / "data";
  // A bucket of it is a folder.
  DIALOG_CHECK(std::filesystem::create_directories(data + "/bucket"), "a folder for a bucket");
  host_ = FreePort().host();
  process_ = std::make_unique<Child>(
      // Ends with the test, whatever becomes of it.
      std::vector<std::string>{DIALOG_SETPRIV, "--pdeathsig", "KILL", program(), data, host_,
                               kRegion},
      std::vector<std::string>{std::string("ROOT_ACCESS_KEY=") + kAccess,
                               std::string("ROOT_SECRET_KEY=") + kSecret});
}

S3Config S3Process::config(const std::string& prefix) const {
  const auto location = S3Location::parse("s3://bucket/" + prefix + "?endpoint=http://" + host_ +
                                          "&region=" + kRegion);
  DIALOG_CHECK(location.has_value(), "the location of a test's bucket");
  S3Config config{*location, {}, std::chrono::seconds(30), {}, false};
  config.credentials = {kAccess, kSecret, {}};
  return config;
}

}  // namespace dialog::test
