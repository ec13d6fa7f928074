#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "dialog/base/check.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog::test {

inline Subject subject_named(std::string_view name) {
  auto subject = Subject::parse("did:web:example.com:" + std::string(name));
  DIALOG_CHECK(subject.has_value(), "the name of a test's subject");
  return *std::move(subject);
}

/// Any number gives another revision; 0 gives zeros.
inline Revision revision_number(std::uint64_t number) {
  return number == 0 ? Revision() : Revision(Hash::of(std::to_string(number)));
}

/// A place in a service that all tests of a program share; each call gives another one.
inline std::string new_prefix() {
  static std::atomic<int> count = 0;
  return "test/" + std::to_string(++count);
}

}  // namespace dialog::test
