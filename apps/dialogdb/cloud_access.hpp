#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dialog/backends/curl_client.hpp"
#include "dialog/cloud/etcd_config.hpp"
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

/// How to reach a cluster of etcd.
struct EtcdAccess {
  EtcdAddress address;
  EtcdOptions options;
  CurlClientOptions client;
};
/// `user` is NAME:PASSWORD. Where it is absent, the environment says who, as for etcdctl:
/// ETCDCTL_USER, which may hold the password, too, and ETCDCTL_PASSWORD; without them, nobody.
/// `invalid_argument`.
Result<EtcdAccess> etcd_access(const Program& program, const std::string& url,
                               const std::optional<std::string>& user, bool allow_plain_http);

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
