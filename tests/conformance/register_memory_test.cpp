#include "dialog/remote/memory_backend.hpp"
#include "register_suite.hpp"

namespace dialog::test {
namespace {

class MemoryRegisterFixture {
 public:
  Register& heads() { return heads_; }
  void reopen() {}

 private:
  MemoryRegister heads_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RegisterConformance, MemoryRegisterFixture);

}  // namespace dialog::test
