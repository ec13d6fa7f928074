#pragma once

#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/replica/branch.hpp"

namespace dialog::sim {

/// What some trees consist of, found without the library's own walks.
struct Reached {
  std::vector<Hash> present;
  std::vector<Hash> absent;
};
Reached reach(Archive& archive, const std::vector<Revision>& roots);

/// The trees that a branch may still need: its own, and what it knows of its remotes.
std::vector<Revision> needed_by(const Branch& branch);

}  // namespace dialog::sim
