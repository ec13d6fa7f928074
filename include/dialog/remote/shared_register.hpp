#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/hash.hpp"
#include "dialog/remote/register.hpp"

namespace dialog {

/// A register that a server may share with others, and that knows its subjects. Thread-safe.
///
/// A subject is removed in two steps, since its blocks lie elsewhere and go one by one: from
/// `begin_removal` to `end_removal` reads and swaps of it fail with `unavailable`, so that nobody
/// builds on blocks that are about to go. Then it is one under which nothing was ever published.
class SharedRegister : public Register {
 public:
  /// Takes head and history of a subject. Also where an earlier removal was not ended. Returns
  /// whether there is a removal to end: not where nothing was published, unless `unpublished_too`.
  /// Durable at return. Errors as of `swap`; after `indeterminate` it may be asked again.
  [[nodiscard]] virtual Result<bool> begin_removal(const Subject& subject, bool unpublished_too,
                                                   const Context& context) = 0;
  /// Durable at return; does nothing where no removal was begun. Errors as of `begin_removal`.
  [[nodiscard]] virtual Result<void> end_removal(const Subject& subject,
                                                 const Context& context) = 0;

  struct Listed {
    Hash id;  ///< `Subject::id`
    std::string did;
    HeadRecord head;
  };
  struct Page {
    std::vector<Listed> entries;
    bool complete = true;  ///< false: there may be more behind the last entry
  };
  /// The subjects that have a head, in the order of their ids, at most `limit` (at least 1), those
  /// behind `after` where that is given. A page without entries is complete.
  [[nodiscard]] virtual Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                                          const Context& context) = 0;
};

/// For implementations: what reads and swaps of such a subject say.
Error being_removed(const Subject& subject);

}  // namespace dialog
