#include "conformance/etcd_real_fixture.hpp"
#include "conformance/s3_real_fixture.hpp"
#include "protocol_suites.hpp"

namespace dialog::test {

using EtcdAndBucketFixture = CloudServerStoreFixture<TwoClouds<RealEtcd, RealBucket>>;
using BucketFixture = CloudServerStoreFixture<RealBucket>;

DIALOG_PROTOCOL_OVER(RealEtcd, EtcdAndBucketFixture, kAllTransports);
DIALOG_PROTOCOL_OVER(RealS3, BucketFixture, kAllTransports);

}  // namespace dialog::test
