#include "etcd_record.hpp"

#include <array>
#include <utility>

#include "dialog/http/json.hpp"
#include "dialog/http/register_messages.hpp"

namespace dialog::etcd {
namespace {

constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kSwapIdBytes = 16;

Bytes big_endian(std::uint64_t number) {
  Bytes bytes(8, '\0');
  for (std::size_t i = 8; i-- > 0; number >>= 8U) bytes[i] = static_cast<char>(number & 0xffU);
  return bytes;
}

}  // namespace

Keys::Keys(std::string_view prefix, const Subject& subject) : head_(prefix), log_(prefix) {
  const std::string id = subject.id().hex();
  head_.append("/heads/").append(id);
  log_.append("/log/").append(id);
}

Bytes Keys::log(std::uint64_t sequence) const { return log_ + "/" + to_hex(big_endian(sequence)); }

// A zero comes behind a slash.
Bytes Keys::log_end() const { return log_ + "0"; }

Bytes probe_key(std::string_view prefix) { return Bytes(prefix) + "/probe"; }

Bytes heads_begin(std::string_view prefix, const std::optional<Hash>& after) {
  Bytes key = Bytes(prefix) + "/heads/";
  if (after) key.append(after->hex()).push_back('\0');
  return key;
}

Bytes heads_end(std::string_view prefix) { return Bytes(prefix) + "/heads0"; }

Bytes revoked_key(std::string_view prefix, const Subject& subject) {
  return Bytes(prefix) + "/revoked/" + subject.id().hex();
}

HeadRecord StoredRecord::shown() const {
  HeadRecord shown = record;
  shown.sequence -= removed;
  return shown;
}

StoredRecord make_record(const Subject& subject, StoredRecord change, RandomSource& random) {
  std::array<std::uint8_t, kSwapIdBytes> octets{};
  random.fill(octets);
  change.swap_id = to_hex({reinterpret_cast<const char*>(octets.data()), octets.size()});
  const HeadRecord& record = change.record;
  json::Value value{{"format", kFormat},
                    {"did", subject.did()},
                    {"revision", record.revision.hex()},
                    {"previous", record.previous.hex()},
                    {"sequence", record.sequence},
                    {"time_ms", record.time.count()},
                    {"author", record.author},
                    {"swap", change.swap_id}};
  if (change.removed != 0) value["removed"] = change.removed;
  if (change.removing) value["removing"] = true;
  change.value = json::print(value);
  return change;
}

Result<StoredRecord> parse_record(Bytes value, const Subject& subject) {
  const json::Value read = json::parse(value);
  const auto format = json::number_member(read, "format");
  if (format && *format != kFormat) {
    return fail(ErrorCode::unsupported, "the record of " + subject.did() + " in etcd has format " +
                                            std::to_string(*format) + ", this program knows " +
                                            std::to_string(kFormat));
  }
  const std::string* did = json::string_member(read, "did");
  const std::string* id = json::string_member(read, "swap");
  const json::Value* const removed = json::member(read, "removed");
  const auto number = removed ? json::number_member(read, "removed") : 0;
  auto record = wire::parse_record(value);
  if (!format || !did || *did != subject.did() || !id || !record || record->sequence == 0 ||
      !number || *number > record->sequence) {
    return fail(ErrorCode::corrupt,
                "what etcd holds for " + subject.did() + " is no record of this subject");
  }
  StoredRecord stored{*std::move(record), *number, false, *id, std::move(value)};
  stored.removing = stored.is_removal() && json::bool_member(read, "removing").value_or(false);
  return stored;
}

Result<Subject> parse_subject(std::string_view value) {
  const json::Value read = json::parse(value);
  const std::string* const did = json::string_member(read, "did");
  if (did == nullptr) {
    return fail(ErrorCode::corrupt, "what etcd holds among the heads is no record of a subject");
  }
  return Subject::parse(*did);
}

}  // namespace dialog::etcd
