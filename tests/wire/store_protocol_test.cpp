#include "conformance/etcd_fixture.hpp"
#include "conformance/lmdb_fixture.hpp"
#include "conformance/log_fixture.hpp"
#include "conformance/s3_fixture.hpp"
#include "protocol_suites.hpp"

namespace dialog::test {

DIALOG_PROTOCOL_OVER(Log, LogServerStoreFixture, kDirectTransports);
DIALOG_QUOTAS_OVER(Log, LogServerStoreFixture);

DIALOG_PROTOCOL_OVER(Lmdb, LmdbServerStoreFixture, kDirectTransports);
DIALOG_QUOTAS_OVER(Lmdb, LmdbServerStoreFixture);

using EtcdAndBucketFixture = CloudServerStoreFixture<TwoClouds<FakeEtcdCluster, FakeBucket>>;
using BucketFixture = CloudServerStoreFixture<FakeBucket>;

DIALOG_PROTOCOL_OVER(Etcd, EtcdAndBucketFixture, kDirectTransports);
DIALOG_PROTOCOL_OVER(S3, BucketFixture, kDirectTransports);

/// What a server refuses that stands on services of others.
class RefusalProtocol : public SubjectProtocol {};
INSTANTIATE_TEST_SUITE_P(Etcd, RefusalProtocol, over<EtcdAndBucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(S3, RefusalProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);

TEST_P(RefusalProtocol, there_are_no_quotas_where_blocks_lie_in_a_bucket) {
  ASSERT_EQ(put_block("block").status, 204);
  for (const auto& response :
       {set_quota(R"({"blocks":1,"bytes":1})"), as("root", "DELETE", "/" + kDid + "/quota")}) {
    EXPECT_EQ(response.status, 501);
    EXPECT_EQ(code(response), "unsupported");
    EXPECT_NE(response.body.find("there are no quotas"), std::string::npos) << response.body;
  }
  EXPECT_EQ(usage(), (wire::UsageMessage{{1, 5}, {}}));
}

}  // namespace dialog::test
