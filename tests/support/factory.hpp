#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

// How a suite of tests runs over several implementations of one interface, though it is compiled
// once: each test makes its fixture by the factory that a program gave to the suite.
//
//   INSTANTIATE_TEST_SUITE_P(Lmdb, RegisterConformance, only<LmdbRegisterFixture>());
//   INSTANTIATE_TEST_SUITE_P(Log, ArchiveConformance,
//                            testing::Values(factory<LogArchiveFixture>("Roomy"),
//                                            factory<LogArchiveFixture>("Tight", tight())),
//                            factory_name);
//
// The program links the suite by the name that dialog_suite gave it: `SUITES register archive`.

namespace dialog::test {

/// What is tested, with nothing in it, and all that it needs to live.
class Fixture {
 public:
  Fixture() = default;
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  virtual ~Fixture() = default;
};

/// Makes fixtures of one kind, a new one by each call.
template <class Made>
struct Factory {
  std::string name;  ///< letters and digits
  std::function<std::unique_ptr<Made>()> make;

  /// The same for a suite, which knows no more than the interface.
  template <class Interface>
  operator Factory<Interface>() const {
    return {name, make};
  }
};

/// Makes fixtures with copies of these arguments.
template <class Made, class... Arguments>
Factory<Made> factory(std::string name, const Arguments&... arguments) {
  return {std::move(name), [arguments...] { return std::make_unique<Made>(arguments...); }};
}

/// The parameters of a suite that a program runs over one fixture.
template <class Made, class... Arguments>
auto only(const Arguments&... arguments) {
  return testing::Values(factory<Made>("Only", arguments...));
}

/// Ends the names of tests with those of the factories, where there are several.
inline constexpr auto factory_name = [](const auto& info) { return info.param.name; };

template <class Made>
void PrintTo(const Factory<Made>& factory, std::ostream* out) {
  *out << factory.name;
}

/// The base of a suite's tests.
template <class Interface>
class FixtureTest : public testing::TestWithParam<Factory<Interface>> {
 protected:
  Interface& fixture() { return *fixture_; }

 private:
  std::unique_ptr<Interface> fixture_ = this->GetParam().make();
};

}  // namespace dialog::test
