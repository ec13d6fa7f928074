#include "dialog/server/subject_set.hpp"

namespace dialog::server {

Result<SubjectSet> SubjectSet::parse(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  SubjectSet set;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t start = line.find_first_not_of(kSpace);
    if (start == std::string_view::npos || line[start] == '#') continue;
    line = line.substr(start, line.find_last_not_of(kSpace) - start + 1);
    const auto subject = Subject::parse(line);
    if (!subject) {
      return fail(ErrorCode::malformed, "list of subjects, line " + std::to_string(number) + ": " +
                                            subject.error().message);
    }
    set.dids_.insert(subject->did());
  }
  return set;
}

}  // namespace dialog::server
