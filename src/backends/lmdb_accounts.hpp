#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dialog/remote/server_store.hpp"
#include "lmdb_archive.hpp"
#include "lmdb_environment.hpp"

namespace dialog::lmdb {

/// What is on record of a subject beside its head: what its blocks take, and its quota.
struct Account {
  Usage usage;
  std::optional<Quota> quota;
  std::string did;  ///< empty where it is not known
  friend bool operator==(const Account&, const Account&) = default;
};

/// Of a subject without a record: an empty one. `corrupt`.
Result<Account> parse_account(const Environment& environment, ByteView id,
                              std::optional<ByteView> stored);
/// Removes the record where nothing is on it but the DID.
Result<void> put_account(WriteTransaction& transaction, ByteView id, const Account& account);
Result<Account> read_account(Environment& environment, const Hash& id);

/// Counts what all subjects have, once, in a database of a version that did not.
Result<void> prepare_accounts(Environment& environment);
/// `corrupt` where the accounts are not what the blocks are.
Result<void> check_accounts(Environment& environment);

/// As in `ServerStore`. `blocks` are those of the subject.
Result<bool> remove_subject(Environment& environment, BlockArchive& blocks, const Subject& subject,
                            const Context& context, Clock& clock);
Result<void> set_quota(Environment& environment, const Subject& subject,
                       const std::optional<Quota>& quota, const Context& context, Clock& clock);
Result<ServerStore::Page> list_subjects(Environment& environment, const std::optional<Hash>& after,
                                        std::size_t limit);

}  // namespace dialog::lmdb
