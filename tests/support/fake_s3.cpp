#include "support/fake_s3.hpp"

#include <algorithm>
#include <utility>

#include "dialog/base/check.hpp"
#include "dialog/identity/sha256.hpp"

namespace dialog::test {
namespace {

constexpr std::string_view kOrigin = "http://127.0.0.1:9000";
constexpr std::string_view kRegion = "test-region-1";
constexpr std::string_view kSecret = "secret/key+of=tests";
constexpr std::string_view kAccess = "ACCESSKEY";
constexpr std::string_view kToken = "temporary";

HttpResponse xml_answer(int status, std::string_view body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/xml");
  response.body = std::string("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").append(body);
  return response;
}

HttpResponse error(int status, std::string_view code) {
  return xml_answer(status, std::string("<Error><Code>")
                                .append(code)
                                .append("</Code><Message>a &lt;test&gt; refuses</Message>"
                                        "<RequestId>1</RequestId></Error>"));
}

// Depends on nothing but the content, as the tags of real stores do.
std::string etag_of(const Bytes& body) { return "\"" + Hash::of(body).hex().substr(0, 32) + "\""; }

std::string value_of(const HttpRequest& request, std::string_view name) {
  const std::string* const found = request.headers.find(name);
  return found ? *found : std::string();
}

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return {};
  const std::string_view rest = text.substr(start + before.size());
  return std::string(rest.substr(0, rest.find(after)));
}

// Absent where it is not encoded as `sigv4::encode` does.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = text[i] == '%' ? from_hex(text.substr(i + 1, 2)) : Bytes(1, text[i]);
    if (!octet) return std::nullopt;
    plain += *octet;
    if (text[i] == '%') i += 2;
  }
  return sigv4::encode(plain) == text ? std::optional(plain) : std::nullopt;
}

struct Target {
  std::string path;
  std::string query;
};

Target target_of(const HttpRequest& request) {
  const std::string_view rest = std::string_view(request.target).substr(kOrigin.size());
  const std::size_t question = std::min(rest.find('?'), rest.size());
  return {std::string(rest.substr(0, question)),
          std::string(rest.substr(std::min(question + 1, rest.size())))};
}

HttpFailure broken(bool received) {
  return {Error{ErrorCode::unavailable, "injected: the connection broke", {}}, received};
}

}  // namespace

S3Config FakeS3::config() const {
  const auto location =
      S3Location::parse("s3://bucket/some/prefix?endpoint=" + std::string(kOrigin) +
                        "&region=" + std::string(kRegion));
  DIALOG_CHECK(location.has_value(), "the location of a test's bucket");
  S3Config config{*location, {}, std::chrono::seconds(30), {}, false};
  config.credentials = {std::string(kAccess), std::string(kSecret), std::string(kToken)};
  return config;
}

Result<HttpResponse, HttpFailure> FakeS3::send(const HttpRequest& request,
                                               std::size_t response_bytes_max,
                                               const Context& context) {
  if (auto wanted = check_context(context, clock_); !wanted)
    return fail(HttpFailure{std::move(wanted).error(), false});
  const std::lock_guard lock(mutex_);
  const Target target = target_of(request);
  log_.push_back(request.method + " " + target.path);
  S3Fault fault = S3Fault::none;
  if (!plan_.empty()) {
    fault = plan_.front();
    plan_.pop_front();
  } else if (choose_) {
    fault = choose_(request);
  }
  for (auto& [waits, each] : late_) {
    if (--waits == 0) handle(each);
  }
  std::erase_if(late_, [](const auto& each) { return each.first <= 0; });
  if (fault == S3Fault::unsent) return fail(broken(false));
  if (auto refusal = refuse(request)) return *std::move(refusal);
  switch (fault) {
    case S3Fault::lost_request:
      return fail(broken(true));
    case S3Fault::late:
      late_.emplace_back(2, request);
      return fail(broken(true));
    case S3Fault::slow_down:
      return error(503, "SlowDown");
    case S3Fault::failed_before:
      return error(500, "InternalError");
    case S3Fault::conflict:
      return error(409, "ConditionalRequestConflict");
    default:
      break;
  }
  HttpResponse response = handle(request);
  if (fault == S3Fault::lost_answer) return fail(broken(true));
  if (fault == S3Fault::failed_after) return error(500, "InternalError");
  if (fault == S3Fault::damaged) response.body += "x";
  if (response.body.size() > response_bytes_max)
    return fail(HttpFailure{Error{ErrorCode::too_large, "the answer is too large", {}}, true});
  if (request.method == "HEAD") response.body.clear();
  response.traffic = spelled_traffic(request, response);
  return response;
}

// What a store that trusts nobody looks at before anything else.
std::optional<HttpResponse> FakeS3::refuse(const HttpRequest& request) const {
  if (!std::string_view(request.target).starts_with(kOrigin)) return error(400, "WrongHost");
  const Target target = target_of(request);
  const std::string authorization = value_of(request, "Authorization");
  const std::string time = value_of(request, "x-amz-date");
  const std::string names = between(authorization, "SignedHeaders=", ",");
  const std::string credential = std::string(kAccess) + "/" + time.substr(0, 8) + "/" +
                                 std::string(kRegion) + "/s3/aws4_request";
  if (between(authorization, "Credential=", ",") != credential)
    return error(403, "InvalidAccessKeyId");
  if (value_of(request, "x-amz-security-token") != kToken) return error(403, "InvalidToken");
  const WallTime now = clock_.wall();
  constexpr WallTime kSkewMax = std::chrono::minutes(15);
  if (time < sigv4::print_time(std::max(now, kSkewMax) - kSkewMax) ||
      time > sigv4::print_time(now + kSkewMax)) {
    return error(403, "RequestTimeTooSkewed");
  }
  const std::string hash = to_hex(bytes_of(sha256(request.body)));
  if (value_of(request, "x-amz-content-sha256") != hash)
    return error(400, "XAmzContentSHA256Mismatch");
  HttpHeaders fields = request.headers;
  fields.set("host", std::string(kOrigin.substr(7)));
  for (const auto& [name, value] : fields.fields()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower != "authorization" &&
        (";" + names + ";").find(";" + lower + ";") == std::string::npos)
      return error(403, "FieldNotSigned");
  }
  const std::string expected =
      sigv4::signature({request.method, target.path, target.query, names, time, hash}, fields,
                       kSecret, {std::string(kRegion), "s3"});
  if (between(authorization, "Signature=", ",") != expected)
    return error(403, "SignatureDoesNotMatch");
  if (!has_bucket) return error(404, "NoSuchBucket");
  return std::nullopt;
}

HttpResponse FakeS3::handle(const HttpRequest& request) {
  const Target target = target_of(request);
  constexpr std::string_view kBucket = "/bucket/";
  if (target.path == kBucket && request.method == "GET") return list(target.query);
  if (!target.path.starts_with(kBucket) || sigv4::encode_path(target.path) != target.path)
    return error(400, "InvalidURI");
  const std::string key = target.path.substr(kBucket.size());
  if (key.empty() || !target.query.empty()) return error(400, "InvalidRequest");
  if (request.method == "PUT") return put(request, key);
  if (request.method == "GET" || request.method == "HEAD") return get(request, key);
  if (request.method != "DELETE") return error(405, "MethodNotAllowed");
  if (!may_delete) return error(403, "AccessDenied");
  objects_.erase(key);
  HttpResponse response;
  response.status = 204;
  return response;
}

// ListObjectsV2, as far as it is used here; its parameters sorted, each of them known.
HttpResponse FakeS3::list(const std::string& query) const {
  std::map<std::string, std::string> parameters;
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view each = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(each.size() + 1, rest.size()));
    const auto value = decoded(each.substr(std::min(each.find('=') + 1, each.size())));
    const std::string name(each.substr(0, each.find('=')));
    if (!value || (!parameters.empty() && parameters.rbegin()->first >= name))
      return error(400, "InvalidArgument");
    parameters.emplace(name, *value);
  }
  const auto take = [&](const char* name) {
    const auto node = parameters.extract(name);
    return node.empty() ? std::string() : node.mapped();
  };
  const std::string delimiter = take("delimiter");
  const std::string prefix = take("prefix");
  const std::string start = take("start-after");
  const std::string after = ignores_start_after ? "" : start;
  const std::string count = take("max-keys");
  if (take("list-type") != "2" || count.empty() || !parameters.empty())
    return error(400, "InvalidArgument");
  const std::size_t count_max = std::min<std::size_t>(std::stoul(count), list_max);
  std::string entries;
  std::string last_folder;
  std::size_t listed = 0;
  bool truncated = false;
  for (auto at = objects_.upper_bound(after); at != objects_.end(); ++at) {
    const std::string& key = at->first;
    if (!key.starts_with(prefix)) continue;
    const std::size_t slash =
        delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    const std::string folder = slash == std::string::npos ? "" : key.substr(0, slash + 1);
    if (!folder.empty() && folder == last_folder) continue;
    if (listed == count_max) {
      truncated = true;
      break;
    }
    ++listed;
    last_folder = folder;
    entries += folder.empty() ? "<Contents><Key>" + key + "</Key><Size>" +
                                    std::to_string(at->second.size()) + "</Size></Contents>"
                              : "<CommonPrefixes><Prefix>" + folder + "</Prefix></CommonPrefixes>";
  }
  return xml_answer(200,
                    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>"
                    "bucket</Name><IsTruncated>" +
                        std::string(truncated ? "true" : "false") + "</IsTruncated>" + entries +
                        "</ListBucketResult>");
}

HttpResponse FakeS3::put(const HttpRequest& request, const std::string& key) {
  const std::string* const if_match = request.headers.find("If-Match");
  const std::string* const if_none_match = request.headers.find("If-None-Match");
  const auto found = objects_.find(key);
  if (if_match != nullptr && if_none_match != nullptr) return error(501, "NotImplemented");
  if (if_none_match != nullptr && !ignores_if_none_match) {
    if (*if_none_match != "*") return error(501, "NotImplemented");
    if (found != objects_.end()) return error(412, "PreconditionFailed");
  }
  if (if_match != nullptr && found == objects_.end() && !creates_where_if_match_meets_nothing)
    return error(404, "NoSuchKey");
  if (if_match != nullptr && found != objects_.end() && !ignores_if_match &&
      *if_match != etag_of(found->second)) {
    return error(412, "PreconditionFailed");
  }
  objects_.insert_or_assign(key, request.body);
  HttpResponse response;
  response.status = 200;
  response.headers.add("ETag", etag_of(request.body));
  return response;
}

HttpResponse FakeS3::get(const HttpRequest& request, const std::string& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return error(404, "NoSuchKey");
  HttpResponse response;
  response.status = 200;
  response.headers.add("ETag", etag_of(found->second));
  const std::string* const known = request.headers.find("If-None-Match");
  if (known != nullptr && *known == etag_of(found->second)) {
    response.status = 304;
    return response;
  }
  response.body = found->second;
  return response;
}

void FakeS3::plan(std::vector<S3Fault> faults) {
  const std::lock_guard lock(mutex_);
  plan_.assign(faults.begin(), faults.end());
}
void FakeS3::on_request(std::function<S3Fault(const HttpRequest&)> choose) {
  const std::lock_guard lock(mutex_);
  choose_ = std::move(choose);
}
std::uint64_t FakeS3::requests() const {
  const std::lock_guard lock(mutex_);
  return log_.size();
}
std::vector<std::string> FakeS3::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}
void FakeS3::clear_log() {
  const std::lock_guard lock(mutex_);
  log_.clear();
}
std::map<std::string, Bytes> FakeS3::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}
void FakeS3::set_object(const std::string& key, Bytes body) {
  const std::lock_guard lock(mutex_);
  objects_.insert_or_assign(key, std::move(body));
}
void FakeS3::remove_object(const std::string& key) {
  const std::lock_guard lock(mutex_);
  objects_.erase(key);
}

}  // namespace dialog::test
