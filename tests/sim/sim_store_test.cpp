#include "sim_store.hpp"

#include "conformance/head_store_suite.hpp"

namespace dialog::test {

/// The simulator's store, which loses power each time that it is opened again.
class SimStoreFixture {
 public:
  RepositoryStore& store() { return store_; }
  void reopen() { store_.power_cut(); }

 private:
  SeededRandom random_{7};
  sim::SimStore store_{random_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sim, HeadStoreConformance, SimStoreFixture);

}  // namespace dialog::test
