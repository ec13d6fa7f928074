#include "conformance/etcd_fixture.hpp"
#include "conformance/lmdb_fixture.hpp"
#include "conformance/log_fixture.hpp"
#include "conformance/s3_fixture.hpp"
#include "protocol_suites.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(Log, RegisterProtocol, over<LogServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Log, DirectRegisterProtocol,
                         over<LogServerStoreFixture>(kDirectTransports), transport_name);
INSTANTIATE_TEST_SUITE_P(Log, ArchiveProtocol, over<LogServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Log, TokenProtocol, over<LogServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Log, SignatureProtocol, over<LogServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Log, SubjectProtocol, over<LogServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Log, OpenSubjectProtocol, over<LogServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Log, DelegationProtocol, over<LogServerStoreFixture>(kDirectTransports),
                         transport_name);

INSTANTIATE_TEST_SUITE_P(Lmdb, RegisterProtocol, over<LmdbServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, DirectRegisterProtocol,
                         over<LmdbServerStoreFixture>(kDirectTransports), transport_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, ArchiveProtocol, over<LmdbServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, TokenProtocol, over<LmdbServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, SignatureProtocol, over<LmdbServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, SubjectProtocol, over<LmdbServerStoreFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, OpenSubjectProtocol, over<LmdbServerStoreFixture>(kDirectTransports),
                         transport_name);

INSTANTIATE_TEST_SUITE_P(Lmdb, DelegationProtocol, over<LmdbServerStoreFixture>(kDirectTransports),
                         transport_name);

using EtcdAndBucketFixture = CloudServerStoreFixture<TwoClouds<FakeEtcdCluster, FakeBucket>>;
using BucketFixture = CloudServerStoreFixture<FakeBucket>;

INSTANTIATE_TEST_SUITE_P(Etcd, RegisterProtocol, over<EtcdAndBucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Etcd, DirectRegisterProtocol,
                         over<EtcdAndBucketFixture>(kDirectTransports), transport_name);
INSTANTIATE_TEST_SUITE_P(Etcd, ArchiveProtocol, over<EtcdAndBucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Etcd, TokenProtocol, over<EtcdAndBucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(Etcd, SignatureProtocol, over<EtcdAndBucketFixture>(kDirectTransports),
                         transport_name);

INSTANTIATE_TEST_SUITE_P(S3, RegisterProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(S3, DirectRegisterProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(S3, ArchiveProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(S3, TokenProtocol, over<BucketFixture>(kDirectTransports), transport_name);
INSTANTIATE_TEST_SUITE_P(S3, SignatureProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);

/// What a server refuses that stands on services of others.
class RefusalProtocol : public SubjectProtocol {};
INSTANTIATE_TEST_SUITE_P(Etcd, RefusalProtocol, over<EtcdAndBucketFixture>(kDirectTransports),
                         transport_name);
INSTANTIATE_TEST_SUITE_P(S3, RefusalProtocol, over<BucketFixture>(kDirectTransports),
                         transport_name);

TEST_P(RefusalProtocol, subjects_are_not_deleted_listed_counted_or_bounded) {
  ASSERT_EQ(put_block("block").status, 204);
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  for (const auto& response :
       {as("root", "DELETE", "/" + kDid), as("root", "GET", "/subjects"),
        as("writer", "GET", "/" + kDid + "/usage"), set_quota(R"({"blocks":1,"bytes":1})"),
        as("root", "DELETE", "/" + kDid + "/quota")}) {
    EXPECT_EQ(response.status, 501);
    EXPECT_EQ(code(response), "unsupported");
    EXPECT_NE(response.body.find("this server's store cannot"), std::string::npos) << response.body;
  }
  EXPECT_EQ(field(as("writer", "HEAD", "/" + kDid), "ETag"), hex(1));
  EXPECT_EQ(as("writer", "GET", block_path("block")).body, "block");
}

}  // namespace dialog::test
