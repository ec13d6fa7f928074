#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "child_ref.hpp"
#include "missing.hpp"

namespace dialog::detail {

/// Several questions are put in order, each once. `invalid_argument` otherwise, of `what` they are.
template <class Question>
Result<void> check_ascending(std::span<const Question> questions, const char* what) {
  for (std::size_t i = 1; i < questions.size(); ++i) {
    if (questions[i] <= questions[i - 1]) {
      return fail(ErrorCode::invalid_argument,
                  std::string("the ") + what + " do not strictly ascend");
    }
  }
  return {};
}

/// Takes several questions down a tree at once, with one read of the archive per level. A `Group`
/// is what is asked below one node, and has that node as `node`; `top` is all of it. `step(group,
/// below, refs)` answers what a leaf can answer, or adds a group and a reference for each child
/// that is asked. `root` must not be zeros. `missing_blocks` names all that the questions can tell
/// they need.
template <class Group, class Step>
Result<void> descend(NodeSource& source, const Hash& root, Group top, const Step& step,
                     const Context& context) {
  DIALOG_ASSIGN(top.node, source.load_one({root, {}, {}, {}}, context));
  std::vector<Group> groups;
  groups.push_back(std::move(top));
  MissingSet missing;
  // All groups stand on one level, for the nodes of a tree's level all have the same depth.
  while (!groups.empty()) {
    std::vector<Group> below;
    NodeRefs refs;
    for (const Group& group : groups) step(group, below, refs);
    groups.clear();
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, source.find(refs.all(), context));
    give_nodes(below, std::move(nodes), [&](std::size_t at) { missing.add(refs.hash(at)); });
    groups = std::move(below);
  }
  return missing.take();
}

}  // namespace dialog::detail
