#include "support/fake_etcd.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "dialog/base/bytes.hpp"

namespace dialog::test {
namespace {

using json::Value;

constexpr std::size_t kRequestBytesMax = std::size_t{3} << 19U;
constexpr std::size_t kOperationsMax = 128;

HttpResponse respond(int status, const Value& body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = json::print(body);
  return response;
}

HttpResponse refuse(int status, int code, const std::string& message) {
  return respond(status, {{"error", message}, {"message", message}, {"code", code}});
}

HttpResponse invalid(const std::string& message) {
  return refuse(400, 3, "etcdserver: " + message);
}

HttpResponse page(int status) {
  HttpResponse response;
  response.status = status;
  response.body = "<html>Welcome</html>";
  return response;
}

tl::unexpected<HttpFailure> failure(ErrorCode code, bool received) {
  return fail(HttpFailure{Error{code, "injected fault", {}}, received});
}

// Every member of the object is one of these, and the first of them are there.
bool has_only(const Value& object, std::size_t required, std::initializer_list<const char*> names) {
  if (!object.is_object()) return false;
  const auto known = [&](const std::string& name) {
    return std::any_of(names.begin(), names.end(), [&](const char* one) { return name == one; });
  };
  for (const auto& [name, value] : object.items()) {
    if (!known(name)) return false;
  }
  return std::all_of(names.begin(), names.begin() + required,
                     [&](const char* name) { return object.contains(name); });
}

std::optional<Bytes> member_bytes(const Value& object, const char* name) {
  const std::string* text = json::string_member(object, name);
  return text ? from_base64(*text) : std::nullopt;
}

bool is_key(const Value& object) {
  const auto key = member_bytes(object, "key");
  return key && !key->empty();
}

bool is_range(const Value& request) {
  if (!has_only(request, 1, {"key", "range_end", "limit"}) || !is_key(request)) return false;
  if (!request.contains("range_end")) return !request.contains("limit");
  return member_bytes(request, "range_end").has_value() && json::string_member(request, "limit");
}

std::string path_of(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  return url.substr(std::min(url.find('/', host), url.size()));
}

std::string member_of(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  return url.substr(host, url.find('/', host) - host);
}

}  // namespace

FakeEtcd::Outcome FakeEtcd::send(const HttpRequest& request, std::size_t response_bytes_max,
                                 const Context& context) {
  if (auto wanted = check_context(context, clock_); !wanted) {
    return fail(HttpFailure{std::move(wanted).error(), false});
  }
  bool faulted = false;
  Outcome outcome = locked([&] { return receive(request, context, faulted); });
  if (faulted && on_fault) on_fault();
  if (outcome && outcome->body.size() > response_bytes_max) {
    return failure(ErrorCode::too_large, true);
  }
  return outcome;
}

FakeEtcd::Outcome FakeEtcd::receive(const HttpRequest& request, const Context& context,
                                    bool& faulted) {
  const std::string member = member_of(request.target);
  const std::string path = path_of(request.target);
  asked_.push_back(member);
  if (stopped_.contains(member)) return hang(context);
  ++requests_;
  last_body_ = request.body;
  std::optional<HttpRequest> late = std::exchange(late_, std::nullopt);
  Outcome outcome = failure(ErrorCode::internal, false);
  if (!faults_.empty() && path.starts_with("/v3/kv/")) {
    const Fault fault = faults_.front();
    faults_.pop_front();
    faulted = fault != Fault::pass;
    outcome = apply_fault(fault, request, path, context);
  } else {
    outcome = carry_out(request, path);
  }
  if (late) carry_out(*late, path_of(late->target));
  return outcome;
}

FakeEtcd::Outcome FakeEtcd::hang(const Context& context) {
  if (!context.deadline) return failure(ErrorCode::internal, true);
  clock_.sleep(*context.deadline - clock_.now());
  return failure(ErrorCode::timeout, true);
}

FakeEtcd::Outcome FakeEtcd::apply_fault(Fault fault, const HttpRequest& request,
                                        const std::string& path, const Context& context) {
  const auto no_leader = [] { return refuse(503, 14, "etcdserver: no leader"); };
  const auto full = [] { return refuse(429, 8, "etcdserver: mvcc: database space exceeded"); };
  switch (fault) {
    case Fault::pass:
      return carry_out(request, path);
    case Fault::refuse_connection:
      return failure(ErrorCode::unavailable, false);
    case Fault::lose_request:
      return failure(ErrorCode::unavailable, true);
    case Fault::lose_answer:
      carry_out(request, path);
      return failure(ErrorCode::unavailable, true);
    case Fault::hang_before:
      return hang(context);
    case Fault::hang_after:
      carry_out(request, path);
      return hang(context);
    case Fault::late:
      late_ = request;
      return hang(context);
    case Fault::no_leader:
      return no_leader();
    case Fault::no_leader_after:
      carry_out(request, path);
      return no_leader();
    case Fault::busy:
      return refuse(429, 8, "etcdserver: too many requests");
    case Fault::full:
      return full();
    case Fault::full_after:
      carry_out(request, path);
      return full();
    case Fault::forget_tokens:
      tokens_.clear();
      return carry_out(request, path);
    case Fault::old_tokens:
      tokens_.clear();
      says_old_ = true;
      return carry_out(request, path);
    case Fault::no_json:
      return page(200);
    case Fault::proxy_error:
      return page(502);
  }
  return page(500);
}

HttpResponse FakeEtcd::carry_out(const HttpRequest& request, const std::string& path) {
  const std::string* type = request.headers.find("Content-Type");
  if (request.method != "POST") return refuse(405, 12, "Method Not Allowed");
  if (!type || *type != "application/json") return invalid("no content type");
  if (request.body.size() > kRequestBytesMax) return invalid("request is too large");
  const Value body = json::parse(request.body);
  if (!body.is_object()) return invalid("no JSON object");
  if (path == "/v3/auth/authenticate") return authenticate(body);
  if (auto denied = check_token(request)) return *std::move(denied);
  if (path == "/v3/kv/range") return range(body);
  if (path == "/v3/kv/txn") return transact(body);
  return page(404);
}

void FakeEtcd::enable_authentication(std::string user, std::string password) {
  locked([&] {
    user_ = std::move(user);
    password_ = std::move(password);
  });
}

std::optional<HttpResponse> FakeEtcd::check_token(const HttpRequest& request) {
  const std::string* token = request.headers.find("Authorization");
  if (user_.empty()) {
    if (token) return refuse(401, 16, "etcdserver: invalid auth token");
    return std::nullopt;
  }
  if (!token) return invalid("user name is empty");
  if (tokens_.contains(*token)) return std::nullopt;
  if (std::exchange(says_old_, false)) return invalid("revision of auth store is old");
  return refuse(401, 16, "etcdserver: invalid auth token");
}

HttpResponse FakeEtcd::authenticate(const Value& body) {
  ++logins_;
  if (!has_only(body, 2, {"name", "password"})) return invalid("unknown members");
  if (user_.empty()) return refuse(412, 9, "etcdserver: authentication is not enabled");
  if (body["name"] != user_ || body["password"] != password_) {
    return invalid("authentication failed, invalid user ID or password");
  }
  std::string token = "token." + std::to_string(logins_);
  tokens_.insert(token);
  return respond(200, {{"header", header()}, {"token", std::move(token)}});
}

Value FakeEtcd::header() const {
  return {{"cluster_id", "1"}, {"revision", std::to_string(revision_)}};
}

HttpResponse FakeEtcd::range(const Value& body) {
  if (!is_range(body)) return invalid("a read of another form");
  return respond(200, read(body));
}

Value FakeEtcd::read(const Value& request) {
  const Bytes first = *member_bytes(request, "key");
  const auto end = member_bytes(request, "range_end");
  const std::string* limit = json::string_member(request, "limit");
  const std::size_t count_max = limit ? std::stoul(*limit) : 1;
  Value pairs = Value::array();
  bool more = false;
  for (auto at = entries_.lower_bound(first); at != entries_.end(); ++at) {
    if (end ? at->first >= *end : at->first != first) break;
    if (pairs.size() == count_max) {
      more = true;
      break;
    }
    pairs.push_back({{"key", to_base64(at->first)},
                     {"create_revision", std::to_string(at->second.created)},
                     {"mod_revision", std::to_string(at->second.modified)},
                     {"value", to_base64(at->second.value)}});
  }
  Value answer{{"header", header()}};
  if (!pairs.empty()) answer["kvs"] = std::move(pairs);
  if (more) answer["more"] = true;
  return answer;
}

// True where the condition holds; says what is wrong with one of another form.
bool FakeEtcd::holds(const Value& compare, std::string& wrong) {
  const std::string* target = json::string_member(compare, "target");
  const std::string* result = json::string_member(compare, "result");
  if (!target || !result || *result != "EQUAL" || !is_key(compare)) {
    wrong = "a condition of another form";
    return false;
  }
  const auto found = entries_.find(*member_bytes(compare, "key"));
  if (*target == "VALUE" && has_only(compare, 4, {"key", "result", "target", "value"})) {
    const auto value = member_bytes(compare, "value");
    if (!value || value->empty()) wrong = "an empty value";
    return value && found != entries_.end() && found->second.value == *value;
  }
  if (*target == "CREATE" && has_only(compare, 4, {"key", "result", "target", "create_revision"})) {
    const std::string* number = json::string_member(compare, "create_revision");
    if (!number) wrong = "a number is a string";
    const std::uint64_t created = found == entries_.end() ? 0 : found->second.created;
    return number && *number == std::to_string(created);
  }
  wrong = "a condition on another thing";
  return false;
}

std::string FakeEtcd::check_operations(const Value& list, std::vector<Bytes>& puts) {
  if (!list.is_array() || list.empty() || list.size() > kOperationsMax) return "operations";
  std::vector<std::pair<Bytes, Bytes>> removed;
  for (const Value& operation : list) {
    if (const Value* put = json::member(operation, "request_put")) {
      if (!has_only(*put, 2, {"key", "value"}) || !is_key(*put) || !member_bytes(*put, "value")) {
        return "a put of another form";
      }
      puts.push_back(*member_bytes(*put, "key"));
    } else if (const Value* gone = json::member(operation, "request_delete_range")) {
      if (!has_only(*gone, 2, {"key", "range_end"}) || !is_key(*gone)) return "a removal";
      removed.emplace_back(*member_bytes(*gone, "key"),
                           member_bytes(*gone, "range_end").value_or(""));
    } else {
      const Value* read = json::member(operation, "request_range");
      if (!read || !is_range(*read)) return "an operation of another form";
    }
    if (operation.size() != 1) return "two operations in one";
  }
  std::vector<Bytes> sorted = puts;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return "duplicate key given in txn request";
  }
  for (const auto& [first, end] : removed) {
    if (first >= end) return "an empty range";
    for (const Bytes& put : puts) {
      if (put >= first && put < end) return "duplicate key given in txn request";
    }
  }
  return {};
}

HttpResponse FakeEtcd::transact(const Value& body) {
  if (!has_only(body, 3, {"compare", "success", "failure"})) return invalid("unknown members");
  const Value& conditions = body["compare"];
  if (!conditions.is_array() || conditions.size() != 1) return invalid("not one condition");
  std::string wrong;
  const bool succeeds = holds(conditions[0], wrong);
  std::vector<Bytes> puts;
  if (wrong.empty()) wrong = check_operations(body["success"], puts);
  std::vector<Bytes> others;
  if (wrong.empty()) wrong = check_operations(body["failure"], others);
  if (wrong.empty() && !others.empty()) wrong = "a change without a condition";
  if (!wrong.empty()) return invalid(wrong);
  if (allowed_ && !std::all_of(puts.begin(), puts.end(),
                               [&](const Bytes& key) { return key.starts_with(*allowed_); })) {
    return refuse(403, 7, "etcdserver: permission denied");
  }
  if (succeeds) ++revision_;
  Value responses = Value::array();
  for (const Value& operation : body[succeeds ? "success" : "failure"]) {
    responses.push_back(run(operation));
  }
  Value answer{{"header", header()}};
  if (succeeds) answer["succeeded"] = true;
  answer["responses"] = std::move(responses);
  return respond(200, answer);
}

Value FakeEtcd::run(const Value& operation) {
  if (const Value* put = json::member(operation, "request_put")) {
    write(*member_bytes(*put, "key"), *member_bytes(*put, "value"));
    return {{"response_put", {{"header", header()}}}};
  }
  if (const Value* gone = json::member(operation, "request_delete_range")) {
    entries_.erase(entries_.lower_bound(*member_bytes(*gone, "key")),
                   entries_.lower_bound(*member_bytes(*gone, "range_end")));
    return {{"response_delete_range", {{"header", header()}}}};
  }
  return {{"response_range", read(operation["request_range"])}};
}

void FakeEtcd::write(const Bytes& key, const Bytes& value) {
  Entry& entry = entries_[key];
  if (entry.created == 0) entry.created = revision_;
  entry.modified = revision_;
  entry.value = value;
}

std::map<Bytes, Bytes> FakeEtcd::contents() {
  return locked([&] {
    std::map<Bytes, Bytes> contents;
    for (const auto& [key, entry] : entries_) contents[key] = entry.value;
    return contents;
  });
}

}  // namespace dialog::test
