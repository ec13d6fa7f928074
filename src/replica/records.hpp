#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialog/base/result.hpp"
#include "dialog/replica/branch.hpp"

/// The records of a repository: their keys and their bytes, as docs/format/repository.md says.
namespace dialog::records {

inline constexpr std::string_view kConfigKey = "config";
inline constexpr std::string_view kHeadKey = "head";
inline constexpr std::string_view kBranchPrefix = "branch/";
inline constexpr std::string_view kRemotePrefix = "remote/";
inline constexpr std::string_view kReflogPrefix = "reflog/";

struct Config {
  bool is_partial = false;
  std::string subject;
};

std::string branch_key(std::string_view name);
std::string remote_key(std::string_view name);
/// Of all entries of one branch.
std::string reflog_prefix(std::string_view branch);
/// In the order of the sequence numbers.
std::string reflog_key(std::string_view branch, std::uint64_t sequence);

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

}  // namespace dialog::records
