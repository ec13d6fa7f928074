#include "protocol_suites.hpp"

namespace dialog::test {

DIALOG_PROTOCOL_OVER(Memory, MemoryServerStoreFixture, kAllTransports);
DIALOG_QUOTAS_OVER(Memory, MemoryServerStoreFixture);

}  // namespace dialog::test
