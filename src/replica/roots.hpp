#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/result.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog {

/// A tree that a branch needs, and as what: "built", "origin at <remote>", ...
struct Root {
  Revision revision;
  std::string role;
};

/// What the record of a branch refers to, its built revision first. The empty tree counts, too.
std::vector<Root> roots_of(const Branch& branch);

/// All kept moves of a branch, oldest first: they need the trees before and after, where those were
/// built.
Result<std::vector<ReflogEntry>> reflog_of(HeadStore& heads, std::string_view branch);

}  // namespace dialog
