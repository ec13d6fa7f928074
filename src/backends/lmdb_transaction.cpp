#include "lmdb_transaction.hpp"

#include <lmdb.h>
#include <utility>

#include "lmdb_environment.hpp"
#include "lmdb_error.hpp"

namespace dialog::lmdb {
namespace {

// The library takes pointers to non-const bytes and does not write through them.
MDB_val to_val(ByteView bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

ByteView to_view(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

}  // namespace

Reader::Reader(Reader&& other) noexcept
    : environment_(other.environment_),
      transaction_(std::exchange(other.transaction_, nullptr)),
      parked_(other.parked_) {}

Reader::~Reader() {
  if (transaction_ == nullptr) return;
  // That does not touch the map.
  mdb_txn_reset(transaction_);
  environment_->keep(transaction_);
  if (!parked_) environment_->leave();
}

Result<std::optional<ByteView>> Reader::get(Table table, ByteView key) const {
  MDB_val wanted = to_val(key);
  MDB_val found;
  const int code = mdb_get(transaction_, environment_->handle(table), &wanted, &found);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) return fail(failure(code, "read", environment_->folder()));
  return to_view(found);
}

void Reader::park() {
  environment_->leave();
  parked_ = true;
}

Result<void> Reader::resume() {
  DIALOG_TRY(environment_->enter());
  parked_ = false;
  return {};
}

std::size_t Reader::snapshot_number() const { return mdb_txn_id(transaction_); }

Result<Cursor> Cursor::open(const Reader& reader, Table table) {
  MDB_cursor* cursor = nullptr;
  const int code =
      mdb_cursor_open(reader.transaction_, reader.environment_->handle(table), &cursor);
  if (code != 0) return fail(failure(code, "read", reader.environment_->folder()));
  return Cursor(*reader.environment_, cursor);
}

Cursor::Cursor(Cursor&& other) noexcept
    : environment_(other.environment_),
      cursor_(std::exchange(other.cursor_, nullptr)),
      key_(other.key_),
      value_(other.value_) {}

Cursor::~Cursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

Result<bool> Cursor::move(int operation, ByteView key) {
  MDB_val at = to_val(key);
  MDB_val value{};
  const int code = mdb_cursor_get(cursor_, &at, &value, static_cast<MDB_cursor_op>(operation));
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) return fail(failure(code, "read", environment_->folder()));
  key_ = to_view(at);
  value_ = to_view(value);
  return true;
}

Result<bool> Cursor::seek(ByteView at_or_after) {
  // The library knows no empty key; nothing lies before the first one.
  return at_or_after.empty() ? move(MDB_FIRST, {}) : move(MDB_SET_RANGE, at_or_after);
}

Result<bool> Cursor::last() { return move(MDB_LAST, {}); }
Result<bool> Cursor::next() { return move(MDB_NEXT, {}); }
Result<bool> Cursor::previous() { return move(MDB_PREV, {}); }

tl::unexpected<Error> WriteTransaction::failed(int code, std::string_view attempt) {
  if (code_ == 0) code_ = code;
  return fail(failure(code, attempt, environment_.folder()));
}

Result<std::optional<ByteView>> WriteTransaction::get(Table table, ByteView key) {
  MDB_val wanted = to_val(key);
  MDB_val found;
  const int code = mdb_get(transaction_, environment_.handle(table), &wanted, &found);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) return failed(code, "read");
  return to_view(found);
}

Result<std::optional<Bytes>> WriteTransaction::key_from(Table table, ByteView key) {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(transaction_, environment_.handle(table), &cursor);
  if (code != 0) return failed(code, "read");
  MDB_val at = to_val(key);
  MDB_val value{};
  code = mdb_cursor_get(cursor, &at, &value, MDB_SET_RANGE);
  std::optional<Bytes> found;
  if (code == 0) found = Bytes(to_view(at));
  mdb_cursor_close(cursor);
  if (code != 0 && code != MDB_NOTFOUND) return failed(code, "read");
  return found;
}

Result<unsigned> WriteTransaction::make_table(const char* name) {
  unsigned handle = 0;
  ++change_count_;
  const int code = mdb_dbi_open(transaction_, name, MDB_CREATE, &handle);
  if (code != 0) return failed(code, "make a table");
  return handle;
}

Result<void> WriteTransaction::for_each(
    Table table, ByteView from, const std::function<bool(ByteView key, ByteView value)>& visit) {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(transaction_, environment_.handle(table), &cursor);
  if (code != 0) return failed(code, "read");
  MDB_val at = to_val(from);
  MDB_val value{};
  code = mdb_cursor_get(cursor, &at, &value, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (code == 0 && visit(to_view(at), to_view(value))) {
    code = mdb_cursor_get(cursor, &at, &value, MDB_NEXT);
  }
  mdb_cursor_close(cursor);
  if (code != 0 && code != MDB_NOTFOUND) return failed(code, "read");
  return {};
}

Result<void> WriteTransaction::put(Table table, ByteView key, ByteView value) {
  MDB_val at = to_val(key);
  MDB_val stored = to_val(value);
  ++change_count_;
  const int code = mdb_put(transaction_, environment_.handle(table), &at, &stored, 0);
  if (code != 0) return failed(code, "write");
  return {};
}

Result<void> WriteTransaction::ensure(Table table, ByteView key, ByteView value) {
  MDB_val at = to_val(key);
  MDB_val stored = to_val(value);
  const int code = mdb_put(transaction_, environment_.handle(table), &at, &stored, MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST)
    return to_view(stored) == value ? Result<void>() : put(table, key, value);
  ++change_count_;
  if (code != 0) return failed(code, "write");
  return {};
}

Result<void> WriteTransaction::erase(Table table, ByteView key) {
  MDB_val at = to_val(key);
  const int code = mdb_del(transaction_, environment_.handle(table), &at, nullptr);
  if (code == MDB_NOTFOUND) return {};
  ++change_count_;
  if (code != 0) return failed(code, "erase");
  return {};
}

}  // namespace dialog::lmdb
