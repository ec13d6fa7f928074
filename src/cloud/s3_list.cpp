#include "s3_list.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "xml.hpp"

namespace dialog::detail {
namespace {

// A thousand names of the longest keys that a store takes.
constexpr std::size_t kAnswerBytesMax = std::size_t{4} << 20U;

struct Asked {
  std::string folder;  // what the names begin with
  std::string after;   // the name that they come behind; empty: from the first
  std::size_t limit = kS3ListMax;
  bool by_folder = false;  // one name for all that go on alike up to the next slash
};

struct Answered {
  std::vector<S3Objects::Object> objects;
  std::vector<std::string> folders;
  bool complete = true;
};

// Sorted by name, as the signature wants it.
std::string print_query(const S3Location& location, const Asked& asked) {
  std::string query = asked.by_folder ? "delimiter=%2F&" : "";
  query += "list-type=2&max-keys=" + std::to_string(std::min(asked.limit, kS3ListMax));
  query += "&prefix=" + sigv4::encode(location.key(asked.folder));
  if (!asked.after.empty()) query += "&start-after=" + sigv4::encode(location.key(asked.after));
  return query;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && !text.empty() ? std::optional(size) : std::nullopt;
}

std::optional<Answered> parse_answer(std::string_view body, std::string_view prefix) {
  const auto root = xml::parse(body);
  if (!root || root->name != "ListBucketResult") return std::nullopt;
  Answered answered;
  answered.complete = root->text_of("IsTruncated") != "true";
  for (const xml::Element& child : root->children) {
    const bool is_object = child.name == "Contents";
    if (!is_object && child.name != "CommonPrefixes") continue;
    const std::string_view key = child.text_of(is_object ? "Key" : "Prefix");
    if (!key.starts_with(prefix)) return std::nullopt;
    std::string name(key.substr(prefix.size()));
    if (!is_object) {
      answered.folders.push_back(std::move(name));
      continue;
    }
    const auto bytes = parse_size(child.text_of("Size"));
    if (!bytes) return std::nullopt;
    answered.objects.push_back({std::move(name), *bytes});
  }
  return answered;
}

Result<Answered> ask(const S3Caller& caller, const Asked& asked, const Context& context) {
  S3Request request{"GET", {}, {}, {}};
  request.query = print_query(caller.location(), asked);
  const auto response = caller.send(request, kAnswerBytesMax, caller.bounded(context));
  if (!response) return fail(caller.refusal(response.error()));
  if (response->status != 200) return fail(caller.refusal(*response));
  auto answered = parse_answer(response->body, caller.location().key(""));
  const bool in_order =
      answered && std::is_sorted(answered->objects.begin(), answered->objects.end(),
                                 [](const auto& a, const auto& b) { return a.name < b.name; });
  // A store that passes over where to begin would be asked for ever.
  const bool goes_on =
      in_order && (answered->objects.empty() || answered->objects.front().name > asked.after);
  if (!goes_on || (!answered->complete && answered->objects.empty() && answered->folders.empty())) {
    return fail(ErrorCode::not_a_remote,
                caller.location().text() + " gives a list of objects as no object store would");
  }
  return *std::move(answered);
}

}  // namespace

Result<S3Objects> list_objects(const S3Caller& caller, const std::string& folder,
                               const std::string& after, std::size_t limit,
                               const Context& context) {
  DIALOG_ASSIGN(Answered answered, ask(caller, {folder, after, limit, false}, context));
  return S3Objects{std::move(answered.objects), answered.complete};
}

Result<S3Subjects> list_subjects(const S3Caller& caller, const std::optional<Hash>& after,
                                 std::size_t limit, const Context& context) {
  S3Subjects subjects;
  std::string from = after ? after->hex() + "0" : std::string();  // a zero follows a slash
  do {
    DIALOG_ASSIGN(const Answered answered, ask(caller, {{}, from, limit, true}, context));
    subjects.complete = answered.complete;
    for (const std::string& folder : answered.folders) {
      if (folder <= from) {
        return fail(ErrorCode::not_a_remote,
                    caller.location().text() + " lists again what it has listed");
      }
      const std::string name = folder.substr(0, folder.size() - 1);
      from = name + "0";
      const auto id = Hash::from_hex(name);
      if (id && id->hex() == name) subjects.ids.push_back(*id);
    }
    if (!answered.objects.empty()) from = std::max(from, answered.objects.back().name);
  } while (subjects.ids.empty() && !subjects.complete);
  return subjects;
}

}  // namespace dialog::detail
