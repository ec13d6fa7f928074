#pragma once

#include <memory>
#include <string>

#include "dialog/cloud/s3_config.hpp"
#include "dialog/remote/server_store.hpp"
#include "program.hpp"

namespace dialog::cli {

/// How to reach a bucket: the URL says where, the environment and the files of the AWS tools say
/// who (AWS_ACCESS_KEY_ID and its companions, else the profile AWS_PROFILE of
/// AWS_SHARED_CREDENTIALS_FILE or
/// ~/.aws/credentials). `invalid_argument`, `unauthorized`.
Result<S3Config> bucket_config(const Program& program, const std::string& url,
                               bool allow_plain_http);

/// Where a server keeps what it keeps.
struct ServerPlaces {
  std::string data;     ///< a folder; empty: none
  std::string heads;    ///< a URL for the register; empty: in the folder
  std::string archive;  ///< a URL for the archives; empty: in the folder
  bool allow_plain_http = false;
};

/// Opens a server's store, and makes sure that a service that is to keep heads can. Blocks.
/// `invalid_argument` where something has no place; and the errors of each.
Result<std::unique_ptr<ServerStore>> open_server_store(const Program& program,
                                                       const ServerPlaces& places);

}  // namespace dialog::cli
