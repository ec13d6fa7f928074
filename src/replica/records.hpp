#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/maintenance.hpp"

/// The records of a repository: their keys and their bytes, as docs/format/repository.md says.
namespace dialog::records {

inline constexpr std::string_view kConfigKey = "config";
inline constexpr std::string_view kHeadKey = "head";
inline constexpr std::string_view kBranchPrefix = "branch/";
inline constexpr std::string_view kRemotePrefix = "remote/";
inline constexpr std::string_view kReflogPrefix = "reflog/";
inline constexpr std::string_view kEditsPrefix = "edits/";

struct Config {
  bool is_partial = false;
  std::string subject;
  Retention retention = {};
};

std::string branch_key(std::string_view name);
std::string remote_key(std::string_view name);
/// Of all entries of one branch.
std::string reflog_prefix(std::string_view branch);
/// In the order of the sequence numbers.
std::string reflog_key(std::string_view branch, std::uint64_t sequence);
/// Of all pending commits of one branch.
std::string edits_prefix(std::string_view branch);
/// In the order of the versions that the commits made.
std::string edits_key(std::string_view branch, std::uint64_t version);

/// The branch and the number that a key of the reflog or of edits names; absent for any other.
struct NumberedKey {
  std::string_view branch;
  std::uint64_t number = 0;
};
std::optional<NumberedKey> parse_numbered_key(std::string_view key, std::string_view prefix);

/// `invalid_argument` beyond a bound.
Result<void> check_retention(const Retention& retention);

Bytes encode(const Config& config);
Bytes encode(const Branch& branch);
Bytes encode(const Remote& remote);
Bytes encode(const ReflogEntry& entry);
Bytes encode_head(std::string_view branch);

// `corrupt` where the bytes are not what the key says, `unsupported` where a newer version wrote
// them. The message names the record.
Result<Config> decode_config(ByteView bytes);
Result<Branch> decode_branch(std::string_view name, ByteView bytes);
Result<Remote> decode_remote(std::string_view name, ByteView bytes);
/// `key` as in the store.
Result<ReflogEntry> decode_reflog(std::string_view key, ByteView bytes);
Result<std::string> decode_head(ByteView bytes);

/// What one commit does to each key; without a value it deletes.
using Edits = std::map<Bytes, std::optional<Bytes>>;
/// `before` is the branch's history before this commit; the hash of the record is the one after it.
Bytes encode_edits(const Hash& before, const Edits& edits);
std::size_t encoded_edits_bytes(const Edits& edits);

struct EditView {
  ByteView key;
  std::optional<ByteView> value;
};
struct EditsRecord {
  Hash before;
  std::vector<EditView> edits;  ///< keys strictly ascend
};
/// The result borrows `bytes`. Errors as above.
Result<EditsRecord> decode_edits(std::string_view key, ByteView bytes);

/// The history after a move that built `revision`.
Hash history_after(const Hash& before, const Revision& revision);

}  // namespace dialog::records
