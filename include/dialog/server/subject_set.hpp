#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "dialog/base/result.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog::server {

/// Subjects by name. A value; safe to read from several threads.
class SubjectSet {
 public:
  /// One DID a line; empty lines and lines that start with `#` are skipped. `malformed` names the
  /// first line that is none.
  static Result<SubjectSet> parse(std::string_view text);

  [[nodiscard]] bool contains(const Subject& subject) const {
    return dids_.count(subject.did()) > 0;
  }
  [[nodiscard]] std::size_t size() const { return dids_.size(); }

 private:
  std::unordered_set<std::string> dids_;
};

}  // namespace dialog::server
