#pragma once

#include "dialog/backends/lmdb_repository_store.hpp"
#include "dialog/backends/lmdb_server_store.hpp"
#include "folder_fixture.hpp"

namespace dialog::test {

using LmdbRepositoryFixture = FolderFixture<RepositoryStore, LmdbRepositoryStore, LmdbOptions>;
using LmdbServerStoreFixture = FolderFixture<ServerStore, LmdbServerStore, LmdbOptions>;

}  // namespace dialog::test
