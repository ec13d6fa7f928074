#include "dialog/http/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

namespace dialog {

Result<void> for_each_number(const ParallelFor& parallel_for, std::size_t count,
                             const std::function<Result<void>(std::size_t)>& call) {
  std::vector<std::optional<Error>> errors(count);
  std::atomic<bool> failed = false;
  const auto guarded = [&](std::size_t i) {
    if (failed.load(std::memory_order_relaxed)) return;
    if (auto outcome = call(i); !outcome) {
      errors[i] = std::move(outcome).error();
      failed.store(true, std::memory_order_relaxed);
    }
  };
  if (parallel_for) {
    parallel_for(count, guarded);
  } else {
    for (std::size_t i = 0; i < count; ++i) guarded(i);
  }
  const auto first = std::find_if(errors.begin(), errors.end(),
                                  [](const auto& error) { return error.has_value(); });
  if (first != errors.end()) return fail(**first);
  return {};
}

}  // namespace dialog
