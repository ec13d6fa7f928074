#pragma once

#include "dialog/backends/lmdb_repository_store.hpp"
#include "dialog/backends/lmdb_server_store.hpp"
#include "folder_fixture.hpp"

namespace dialog::test {

using LmdbRepositoryFixture = FolderFixture<LmdbRepositoryStore, LmdbOptions>;
using LmdbServerStoreFixture = FolderFixture<LmdbServerStore, LmdbOptions>;

}  // namespace dialog::test
