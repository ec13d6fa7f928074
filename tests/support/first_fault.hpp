#pragma once

#include <optional>
#include <utility>

#include "dialog/replica/head_store.hpp"

namespace dialog::test {

/// Reads all of a store; the first thing that is damaged.
inline Result<void> first_fault(RepositoryStore& store) {
  std::optional<Error> first;
  StoreCheck check;
  check.on_fault = [&](StoreFault fault) {
    if (!first) first = std::move(fault.error);
  };
  DIALOG_TRY(store.check(check));
  if (first) return fail(*std::move(first));
  DIALOG_TRY(store.heads().list({}));
  return {};
}

}  // namespace dialog::test
