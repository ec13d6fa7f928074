#include "dialog/remote/subject.hpp"

#include "dialog/identity/did.hpp"

namespace dialog {

Result<Subject> Subject::parse(std::string_view did) {
  DIALOG_TRY(Did::parse(did));
  return Subject(std::string(did));
}

}  // namespace dialog
