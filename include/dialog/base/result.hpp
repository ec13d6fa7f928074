#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "dialog/base/error.hpp"

namespace dialog {

/// A value or the reason why there is none. No exception crosses this library's interface.
template <class T, class E = Error>
using Result = tl::expected<T, E>;

/// For `return fail(ErrorCode::not_found, "...")`.
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message), {}});
}

/// For `return fail(error)`: hands an error on, whatever the value type of the result.
template <class E>
tl::unexpected<E> fail(E error) {
  return tl::unexpected<E>(std::move(error));
}

}  // namespace dialog

/// Evaluates `expression`, a `Result`; where it failed, returns its error from the enclosing
/// function.
#define DIALOG_TRY(expression)                                                  \
  do {                                                                          \
    if (auto dialog_try_result = (expression); !dialog_try_result) [[unlikely]] \
      return ::tl::unexpected(std::move(dialog_try_result).error());            \
  } while (false)

#define DIALOG_CONCAT_INNER(a, b) a##b
#define DIALOG_CONCAT(a, b) DIALOG_CONCAT_INNER(a, b)

/// `DIALOG_ASSIGN(auto value, f());` binds the value of a `Result` or returns its error.
#define DIALOG_ASSIGN(declaration, expression) \
  DIALOG_ASSIGN_INNER(DIALOG_CONCAT(dialog_result_, __LINE__), declaration, expression)
#define DIALOG_ASSIGN_INNER(result, declaration, expression) \
  auto result = (expression);                                \
  if (!(result)) [[unlikely]]                                \
    return ::tl::unexpected(std::move(result).error());      \
  declaration = *std::move(result)
