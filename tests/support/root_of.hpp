#pragma once

#include <gtest/gtest.h>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/tree/builder.hpp"
#include "support/generator.hpp"

namespace dialog::test {

/// The revision of a tree that is built of these entries and no others.
inline Revision root_of(const Model& entries) {
  MemoryArchive archive;
  TreeBuilder builder(archive);
  for (const auto& [key, value] : entries) EXPECT_TRUE(builder.add(key, value).has_value());
  return Revision(builder.finish().value());
}

}  // namespace dialog::test
