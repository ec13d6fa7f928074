#include "dialog/remote/register.hpp"

namespace dialog {

std::vector<Result<Register::SwapOutcome>> Register::swap_all(std::span<const Asked> swaps,
                                                              const Context& context) {
  std::vector<Result<SwapOutcome>> outcomes;
  outcomes.reserve(swaps.size());
  for (const Asked& asked : swaps) outcomes.push_back(swap(asked.subject, asked.swap, context));
  return outcomes;
}

}  // namespace dialog
