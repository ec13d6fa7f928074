#pragma once

#include "dialog/backends/log_repository_store.hpp"
#include "dialog/backends/log_server_store.hpp"
#include "folder_fixture.hpp"

namespace dialog::test {

using LogRepositoryFixture = FolderFixture<RepositoryStore, LogRepositoryStore, LogOptions>;
using LogServerStoreFixture = FolderFixture<ServerStore, LogServerStore, LogOptions>;

}  // namespace dialog::test
