#pragma once

// A test build can break one invariant of docs/protocol/sync.md on purpose, to show that its test
// would notice. Shipped code has no trace of this.
#ifdef DIALOG_SEEDED_BUGS
#include "support/seeded_bugs.hpp"
#define DIALOG_BUG(name) (::dialog::test::is_seeded(::dialog::test::SeededBug::name))
#else
#define DIALOG_BUG(name) false
#endif
