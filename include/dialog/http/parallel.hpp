#pragma once

#include <cstddef>
#include <functional>

#include "dialog/base/result.hpp"

namespace dialog {

/// Calls its second argument once for every number below the first, in any order and from any
/// threads, and returns when all calls have returned.
using ParallelFor =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& call)>;

/// Calls `call` for every number below `count` by `parallel_for`, where it is absent one after the
/// other. Makes no further calls once one failed; gives the error of the lowest number.
[[nodiscard]] Result<void> for_each_number(const ParallelFor& parallel_for, std::size_t count,
                                           const std::function<Result<void>(std::size_t)>& call);

}  // namespace dialog
