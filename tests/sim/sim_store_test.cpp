#include "sim_store.hpp"

#include "conformance/head_store_suite.hpp"

namespace dialog::test {

/// The simulator's store, which loses power each time that it is opened again.
class SimStoreFixture final : public RepositoryStoreFixture {
 public:
  RepositoryStore& store() override { return store_; }
  void reopen() override { store_.power_cut(); }

 private:
  SeededRandom random_{7};
  sim::SimStore store_{random_};
};

INSTANTIATE_TEST_SUITE_P(Sim, HeadStoreConformance, only<SimStoreFixture>());

}  // namespace dialog::test
