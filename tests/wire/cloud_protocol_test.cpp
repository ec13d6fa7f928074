#include "conformance/etcd_real_fixture.hpp"
#include "conformance/s3_real_fixture.hpp"
#include "protocol_suites.hpp"

namespace dialog::test {

using EtcdAndBucketFixture = CloudServerStoreFixture<TwoClouds<RealEtcd, RealBucket>>;
using BucketFixture = CloudServerStoreFixture<RealBucket>;

INSTANTIATE_TEST_SUITE_P(RealEtcd, RegisterProtocol, over<EtcdAndBucketFixture>(kAllTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(RealEtcd, DirectRegisterProtocol,
                         over<EtcdAndBucketFixture>(kDirectTransports), transport_name);
INSTANTIATE_TEST_SUITE_P(RealEtcd, ArchiveProtocol, over<EtcdAndBucketFixture>(kAllTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(RealEtcd, TokenProtocol, over<EtcdAndBucketFixture>(kAllTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(RealEtcd, SignatureProtocol, over<EtcdAndBucketFixture>(kDirectTransports),
                         transport_name);

INSTANTIATE_TEST_SUITE_P(RealS3, RegisterProtocol, over<BucketFixture>(kAllTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(RealS3, DirectRegisterProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(RealS3, ArchiveProtocol, over<BucketFixture>(kAllTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(RealS3, TokenProtocol, over<BucketFixture>(kAllTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(RealS3, SignatureProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);

}  // namespace dialog::test
