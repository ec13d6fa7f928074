#include "lmdb_revocations.hpp"

#include "lmdb_record.hpp"

namespace dialog::lmdb {
namespace {

Result<std::vector<Revocation>> read_revocations(ByteView id, ByteView stored,
                                                 const std::string& folder) {
  const std::string what = "what subject " + to_hex(id) + " has revoked in " + folder;
  DIALOG_ASSIGN(const ByteView body, unseal(id, stored, what));
  return parse_revocations(body);
}

}  // namespace

class Revocations::AddJob final : public Job {
 public:
  AddJob(const std::string& folder, const Hash& id, const Revoke& revoke)
      : folder_(folder), id_(id), revoke_(revoke) {}

  Result<void> apply(WriteTransaction& transaction) override {
    std::vector<Revocation> kept;
    DIALOG_ASSIGN(const auto stored, transaction.get(Table::revocations, id_.bytes()));
    if (stored) {
      DIALOG_ASSIGN(kept, read_revocations(id_.bytes(), *stored, folder_));
    }
    DIALOG_ASSIGN(kept, with_revocation(std::move(kept), revoke_));
    return transaction.ensure(Table::revocations, id_.bytes(),
                              seal(id_.bytes(), print_revocations(kept)));
  }
  // With the record of a subject that has revoked as many as it may, twice: before and after.
  [[nodiscard]] std::size_t bytes() const override { return 2 * 40 * kRevocationsMax; }

 private:
  const std::string& folder_;
  const Hash id_;
  const Revoke& revoke_;
};

Result<void> Revocations::add(const Subject& subject, const Revoke& revoke,
                              const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  AddJob job(environment_->folder(), subject.id(), revoke);
  return environment_->run(job, context, clock_);
}

Result<std::vector<Revocation>> Revocations::list(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  const Hash id = subject.id();
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(const auto stored, reader.get(Table::revocations, id.bytes()));
  if (!stored) return std::vector<Revocation>();
  return read_revocations(id.bytes(), *stored, environment_->folder());
}

Result<void> Revocations::check() {
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, Table::revocations));
  DIALOG_ASSIGN(bool there, cursor.seek({}));
  while (there) {
    DIALOG_TRY(read_revocations(cursor.key(), cursor.value(), environment_->folder()));
    DIALOG_ASSIGN(there, cursor.next());
  }
  return {};
}

}  // namespace dialog::lmdb
