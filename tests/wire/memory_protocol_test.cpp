#include "protocol_suites.hpp"

namespace dialog::test {

const auto kDirect = over<MemoryServerStoreFixture>(kDirectTransports);
const auto kAll = over<MemoryServerStoreFixture>(kAllTransports);

INSTANTIATE_TEST_SUITE_P(Memory, RegisterProtocol, kAll, transport_name);
INSTANTIATE_TEST_SUITE_P(Memory, DirectRegisterProtocol, kDirect, transport_name);
INSTANTIATE_TEST_SUITE_P(Memory, ArchiveProtocol, kAll, transport_name);
INSTANTIATE_TEST_SUITE_P(Memory, TokenProtocol, kAll, transport_name);
INSTANTIATE_TEST_SUITE_P(Memory, SignatureProtocol, kDirect, transport_name);
INSTANTIATE_TEST_SUITE_P(Memory, DelegationProtocol, kDirect, transport_name);
INSTANTIATE_TEST_SUITE_P(Memory, SubjectProtocol, kDirect, transport_name);
INSTANTIATE_TEST_SUITE_P(Memory, OpenSubjectProtocol, kDirect, transport_name);

}  // namespace dialog::test
