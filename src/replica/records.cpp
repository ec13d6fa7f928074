#include "records.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

namespace dialog::records {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kRecordVersion = 1;
constexpr std::size_t kSequenceDigits = 16;

std::string digits_of(std::uint64_t sequence) {
  std::string digits(kSequenceDigits, '0');
  for (std::size_t i = kSequenceDigits; i > 0; --i, sequence >>= 4U)
    digits[i - 1] = "0123456789abcdef"[sequence & 15U];
  return digits;
}

Bytes print(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Reads the members of one object; remembers whether all of them were what they had to be.
class Reader {
 public:
  explicit Reader(const Json* object) : object_(object && object->is_object() ? object : nullptr) {
    if (object_ == nullptr) is_sound_ = false;
  }

  [[nodiscard]] bool is_sound() const { return is_sound_; }
  void fail() { is_sound_ = false; }

  const Json* find(const char* name) {
    if (object_ == nullptr) return nullptr;
    const auto at = object_->find(name);
    return at == object_->end() ? nullptr : &*at;
  }
  const Json* get(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) fail();
    return value;
  }

  std::string text(const char* name) { return as_text(get(name)); }
  std::optional<std::string> optional_text(const char* name) {
    const Json* value = find(name);
    return value ? std::optional(as_text(value)) : std::nullopt;
  }
  std::uint64_t number(const char* name) { return as_number(get(name)); }
  std::optional<std::uint64_t> optional_number(const char* name) {
    const Json* value = find(name);
    return value ? std::optional(as_number(value)) : std::nullopt;
  }
  bool flag(const char* name) {
    const Json* value = get(name);
    if (value == nullptr || !value->is_boolean()) {
      fail();
      return false;
    }
    return value->get<bool>();
  }
  Revision revision(const char* name) { return as_revision(get(name)); }
  std::optional<Revision> optional_revision(const char* name) {
    const Json* value = find(name);
    return value ? std::optional(as_revision(value)) : std::nullopt;
  }

  Revision as_revision(const Json* value) {
    const std::optional<Revision> revision = Revision::from_hex(as_text(value));
    if (!revision) fail();
    return revision.value_or(Revision{});
  }
  std::string as_text(const Json* value) {
    if (value == nullptr || !value->is_string()) {
      fail();
      return {};
    }
    return value->get_ref<const std::string&>();
  }

 private:
  std::uint64_t as_number(const Json* value) {
    if (value == nullptr || !value->is_number_unsigned()) {
      fail();
      return 0;
    }
    return value->get<std::uint64_t>();
  }

  const Json* object_;
  bool is_sound_ = true;
};

tl::unexpected<Error> damaged(std::string_view key) {
  return dialog::fail(ErrorCode::corrupt,
                      "record " + std::string(key) + " of the repository cannot be read");
}

/// The record as an object of a version that this library reads.
Result<Json> parse(std::string_view key, ByteView bytes) {
  Json json = Json::parse(bytes, nullptr, false);
  Reader reader(&json);
  const std::uint64_t version = reader.number("v");
  if (!reader.is_sound()) return damaged(key);
  if (version != kRecordVersion) {
    return dialog::fail(ErrorCode::unsupported,
                        "record " + std::string(key) + " has version " + std::to_string(version) +
                            "; this program reads version " + std::to_string(kRecordVersion));
  }
  return json;
}

Json record() { return Json{{"v", kRecordVersion}}; }

Json encode_retention(const Retention& retention) {
  Json json = {{"moves", retention.moves}};
  if (retention.age) json["days"] = retention.age->count();
  return json;
}

std::optional<Retention> decode_retention(const Json& json) {
  Reader reader(&json);
  Retention retention;
  retention.moves = reader.number("moves");
  if (const auto days = reader.optional_number("days")) {
    if (*days > static_cast<std::uint64_t>(kRetainedAgeMax.count())) return std::nullopt;
    retention.age = std::chrono::days{*days};
  }
  if (!reader.is_sound() || !check_retention(retention)) return std::nullopt;
  return retention;
}

Json encode_seen_head(const Head& head) {
  Json json = {{"revision", head.revision.hex()}};
  if (head.sequence) json["sequence"] = *head.sequence;
  return json;
}

std::optional<Head> decode_seen_head(const Json& json) {
  Reader reader(&json);
  Head head{reader.revision("revision"), reader.optional_number("sequence")};
  if (!reader.is_sound()) return std::nullopt;
  return head;
}

Json encode_tracking(const RemoteTracking& tracking) {
  Json json = {{"origin", tracking.origin.hex()}};
  if (tracking.sequence) json["sequence"] = *tracking.sequence;
  if (!tracking.intents.empty()) {
    Json& intents = json["intents"] = Json::array();
    for (const SwapIntent& intent : tracking.intents) {
      Json each = {{"expected", intent.expected.hex()}, {"desired", intent.desired.hex()}};
      if (intent.expected_sequence) each["expected_sequence"] = *intent.expected_sequence;
      if (intent.requests != 1) each["requests"] = intent.requests;
      intents.push_back(std::move(each));
    }
  }
  if (tracking.fetched) json["fetched"] = encode_seen_head(*tracking.fetched);
  if (tracking.shown) json["shown"] = encode_seen_head(*tracking.shown);
  if (!tracking.seen.empty()) {
    Json& seen = json["seen"] = Json::array();
    for (const Revision& revision : tracking.seen) seen.push_back(revision.hex());
  }
  return json;
}

std::optional<RemoteTracking> decode_tracking(const Json& json) {
  Reader reader(&json);
  RemoteTracking tracking;
  tracking.origin = reader.revision("origin");
  tracking.sequence = reader.optional_number("sequence");
  if (const Json* intents = reader.find("intents")) {
    if (!intents->is_array() || intents->size() > kOutstandingIntentsMax) return std::nullopt;
    for (const Json& each : *intents) {
      Reader intent(&each);
      tracking.intents.push_back(
          {intent.revision("expected"), intent.optional_number("expected_sequence"),
           intent.revision("desired"), intent.optional_number("requests").value_or(1)});
      if (!intent.is_sound()) return std::nullopt;
    }
  }
  if (const Json* fetched = reader.find("fetched")) {
    tracking.fetched = decode_seen_head(*fetched);
    if (!tracking.fetched) return std::nullopt;
  }
  if (const Json* shown = reader.find("shown")) {
    tracking.shown = decode_seen_head(*shown);
    if (!tracking.shown) return std::nullopt;
  }
  if (const Json* seen = reader.find("seen")) {
    if (!seen->is_array() || seen->size() > kSeenRevisionsMax) return std::nullopt;
    for (const Json& each : *seen) tracking.seen.push_back(reader.as_revision(&each));
  }
  if (!reader.is_sound()) return std::nullopt;
  return tracking;
}

}  // namespace

std::string branch_key(std::string_view name) { return std::string(kBranchPrefix).append(name); }
std::string remote_key(std::string_view name) { return std::string(kRemotePrefix).append(name); }
std::string reflog_prefix(std::string_view branch) {
  return std::string(kReflogPrefix).append(branch) + ":";
}

std::string reflog_key(std::string_view branch, std::uint64_t sequence) {
  return reflog_prefix(branch) + digits_of(sequence);
}

std::string edits_prefix(std::string_view branch) {
  return std::string(kEditsPrefix).append(branch) + ":";
}

std::string edits_key(std::string_view branch, std::uint64_t version) {
  return edits_prefix(branch) + digits_of(version);
}

std::optional<NumberedKey> parse_numbered_key(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  if (key.size() <= kSequenceDigits || key[key.size() - kSequenceDigits - 1] != ':')
    return std::nullopt;
  const std::string_view digits = key.substr(key.size() - kSequenceDigits);
  NumberedKey parsed{key.substr(0, key.size() - kSequenceDigits - 1), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parsed.number, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return parsed;
}

Result<void> check_retention(const Retention& retention) {
  if (retention.moves < 1 || retention.moves > kRetainedMovesMax) {
    return dialog::fail(ErrorCode::invalid_argument,
                        "the log of a branch can keep 1 to " + std::to_string(kRetainedMovesMax) +
                            " moves, not " + std::to_string(retention.moves));
  }
  const auto age = retention.age.value_or(std::chrono::days{0});
  if (age < std::chrono::days{0} || age > kRetainedAgeMax) {
    return dialog::fail(ErrorCode::invalid_argument,
                        "the log of a branch can keep moves for 0 to " +
                            std::to_string(kRetainedAgeMax.count()) + " days, not " +
                            std::to_string(age.count()));
  }
  return {};
}

Bytes encode(const Config& config) {
  Json json = record();
  json["format"] = 1;
  json["partial"] = config.is_partial;
  json["subject"] = config.subject;
  if (config.retention != Retention{}) json["retention"] = encode_retention(config.retention);
  return print(json);
}

Bytes encode(const Branch& branch) {
  Json json = record();
  json["built"] = branch.built.hex();
  json["moves"] = branch.moves;
  json["history"] = branch.history.hex();
  if (branch.pending.commits > 0) {
    json["pending"] = {{"commits", branch.pending.commits},
                       {"edits", branch.pending.edits},
                       {"bytes", branch.pending.bytes}};
  }
  if (branch.upstream) json["upstream"] = *branch.upstream;
  Json& remotes = json["remotes"] = Json::object();
  for (const auto& [name, tracking] : branch.tracking) remotes[name] = encode_tracking(tracking);
  return print(json);
}

Bytes encode(const Remote& remote) {
  Json json = record();
  json["url"] = remote.url;
  json["subject"] = remote.subject;
  json["options"] = remote.options;
  return print(json);
}

Bytes encode(const ReflogEntry& entry) {
  Json json = record();
  if (entry.before) json["before"] = entry.before->hex();
  if (entry.after) json["after"] = entry.after->hex();
  json["time_ms"] = entry.time.count();
  json["what"] = entry.what;
  if (!entry.who.empty()) json["who"] = entry.who;
  return print(json);
}

Bytes encode_head(std::string_view branch) {
  Json json = record();
  json["branch"] = branch;
  return print(json);
}

Result<Config> decode_config(ByteView bytes) {
  DIALOG_ASSIGN(const Json json, parse(kConfigKey, bytes));
  Reader reader(&json);
  Config config;
  config.is_partial = reader.flag("partial");
  config.subject = reader.text("subject");
  const std::uint64_t format = reader.number("format");
  if (const Json* retention = reader.find("retention")) {
    const std::optional<Retention> decoded = decode_retention(*retention);
    if (!decoded) return damaged(kConfigKey);
    config.retention = *decoded;
  }
  if (!reader.is_sound()) return damaged(kConfigKey);
  if (format != 1) {
    return dialog::fail(
        ErrorCode::unsupported,
        "the repository has format " + std::to_string(format) + "; this program reads format 1");
  }
  return config;
}

Result<Branch> decode_branch(std::string_view name, ByteView bytes) {
  const std::string key = branch_key(name);
  DIALOG_ASSIGN(const Json json, parse(key, bytes));
  Reader reader(&json);
  Branch branch;
  branch.name = name;
  branch.built = reader.revision("built");
  branch.moves = reader.number("moves");
  branch.history = reader.revision("history").root();
  if (const Json* pending = reader.find("pending")) {
    Reader counts(pending);
    branch.pending = {counts.number("commits"), counts.number("edits"), counts.number("bytes")};
    if (!counts.is_sound() || branch.pending.commits == 0 ||
        branch.pending.commits > branch.moves) {
      return damaged(key);
    }
  }
  branch.upstream = reader.optional_text("upstream");
  const Json* remotes = reader.get("remotes");
  if (!reader.is_sound() || !remotes->is_object()) return damaged(key);
  for (const auto& [remote, value] : remotes->items()) {
    std::optional<RemoteTracking> tracking = decode_tracking(value);
    if (!tracking) return damaged(key);
    branch.tracking.emplace(remote, *std::move(tracking));
  }
  return branch;
}

Result<Remote> decode_remote(std::string_view name, ByteView bytes) {
  const std::string key = remote_key(name);
  DIALOG_ASSIGN(const Json json, parse(key, bytes));
  Reader reader(&json);
  Remote remote;
  remote.name = name;
  remote.url = reader.text("url");
  remote.subject = reader.text("subject");
  const Json* options = reader.get("options");
  if (!reader.is_sound() || !options->is_object()) return damaged(key);
  for (const auto& [option, value] : options->items())
    remote.options.emplace(option, reader.as_text(&value));
  if (!reader.is_sound()) return damaged(key);
  return remote;
}

Result<ReflogEntry> decode_reflog(std::string_view key, ByteView bytes) {
  DIALOG_ASSIGN(const Json json, parse(key, bytes));
  Reader reader(&json);
  ReflogEntry entry;
  const std::optional<NumberedKey> parsed = parse_numbered_key(key, kReflogPrefix);
  if (!parsed) return damaged(key);
  entry.sequence = parsed->number;
  entry.before = reader.optional_revision("before");
  entry.after = reader.optional_revision("after");
  const Json* time = reader.get("time_ms");
  entry.what = reader.text("what");
  entry.who = reader.optional_text("who").value_or("");
  if (!reader.is_sound() || !time->is_number_integer()) return damaged(key);
  entry.time = WallTime(time->get<std::int64_t>());
  return entry;
}

Result<std::string> decode_head(ByteView bytes) {
  DIALOG_ASSIGN(const Json json, parse(kHeadKey, bytes));
  Reader reader(&json);
  std::string branch = reader.text("branch");
  if (!reader.is_sound()) return damaged(kHeadKey);
  return branch;
}

}  // namespace dialog::records
