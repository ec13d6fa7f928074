#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/hash.hpp"
#include "s3_caller.hpp"

namespace dialog::detail {

/// As many as a store names in one answer.
inline constexpr std::size_t kS3ListMax = 1000;

/// One page of objects, in the order of their names.
struct S3Objects {
  struct Object {
    std::string name;  ///< behind the prefix of the location
    std::uint64_t bytes = 0;
  };
  std::vector<Object> objects;
  bool complete = true;  ///< false: there may be more behind the last
};
/// The objects whose names begin with `folder`, behind the name `after` (empty: from the first), at
/// most `limit` of at most `kS3ListMax`. One request.
Result<S3Objects> list_objects(const S3Caller& caller, const std::string& folder,
                               const std::string& after, std::size_t limit, const Context& context);

/// One page of subjects of which there is any object, in the order of their ids.
struct S3Subjects {
  std::vector<Hash> ids;
  bool complete = true;  ///< false: there may be more behind the last
};
/// Those behind `after`, at most `limit`. A page without ids is complete.
Result<S3Subjects> list_subjects(const S3Caller& caller, const std::optional<Hash>& after,
                                 std::size_t limit, const Context& context);

}  // namespace dialog::detail
