#pragma once

#include "dialog/remote/server_store.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// As `ServerStore::list`.
Result<ServerStore::Page> list_subjects(store::Engine& engine, const std::optional<Hash>& after,
                                        std::size_t limit);

}  // namespace dialog
