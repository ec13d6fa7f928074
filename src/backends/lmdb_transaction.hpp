#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"

struct MDB_txn;
struct MDB_cursor;

namespace dialog::lmdb {

class Environment;

enum class Table : std::uint8_t {
  format,
  blocks,
  heads,
  subjects,
  history,
  places,
  records,
  segments,
  spaces,
  accounts,
  revocations
};
inline constexpr std::size_t kTableCount = 11;

/// One snapshot. Views into it are valid until it is parked or gone. To be used by one thread at a
/// time.
class Reader {
 public:
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&&) = delete;
  ~Reader();

  [[nodiscard]] Result<std::optional<ByteView>> get(Table table, ByteView key) const;

  /// Between these two the snapshot stays, but nothing may touch it: no cursor may be open, no view
  /// in use. What else runs meanwhile may then write, even where that moves the map. Where `resume`
  /// fails the reader stays parked.
  void park();
  [[nodiscard]] Result<void> resume();

  [[nodiscard]] std::size_t snapshot_number() const;

 private:
  friend class Environment;
  friend class Cursor;
  Reader(Environment& environment, MDB_txn* transaction)
      : environment_(&environment), transaction_(transaction) {}
  Environment* environment_;
  MDB_txn* transaction_;
  bool parked_ = false;
};

/// Walks a table in the order of its keys. The reader outlives it.
class Cursor {
 public:
  static Result<Cursor> open(const Reader& reader, Table table);
  Cursor(Cursor&& other) noexcept;
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();

  /// Each says whether there is such an entry. After false only `seek` and `last` may follow.
  Result<bool> seek(ByteView at_or_after);
  Result<bool> last();
  Result<bool> next();
  Result<bool> previous();

  [[nodiscard]] ByteView key() const { return key_; }
  [[nodiscard]] ByteView value() const { return value_; }

 private:
  Cursor(const Environment& environment, MDB_cursor* cursor)
      : environment_(&environment), cursor_(cursor) {}
  Result<bool> move(int operation, ByteView key);
  const Environment* environment_;
  MDB_cursor* cursor_;
  ByteView key_;
  ByteView value_;
};

/// The writes of one group. Views that `get` hands out are valid until the next write.
class WriteTransaction {
 public:
  WriteTransaction(const Environment& environment, MDB_txn* transaction)
      : environment_(environment), transaction_(transaction) {}
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;

  Result<std::optional<ByteView>> get(Table table, ByteView key);
  /// The first key from this one on.
  Result<std::optional<Bytes>> key_from(Table table, ByteView key);
  Result<void> put(Table table, ByteView key, ByteView value);
  /// Writes only where something else or nothing is stored.
  Result<void> ensure(Table table, ByteView key, ByteView value);
  /// Nothing to erase is no error.
  Result<void> erase(Table table, ByteView key);
  /// Makes a table, or finds it there; its handle is good once the transaction is durable.
  Result<unsigned> make_table(const char* name);
  /// In the order of the keys, from this one on, until `visit` returns false, which must not write.
  Result<void> for_each(Table table, ByteView from,
                        const std::function<bool(ByteView key, ByteView value)>& visit);

  /// The first failure of the library itself; 0 where there was none. The transaction is then lost.
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] std::size_t change_count() const { return change_count_; }

 private:
  tl::unexpected<Error> failed(int code, std::string_view attempt);
  const Environment& environment_;
  MDB_txn* transaction_;
  int code_ = 0;
  std::size_t change_count_ = 0;
};

}  // namespace dialog::lmdb
