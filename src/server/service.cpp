#include "dialog/server/service.hpp"

#include <algorithm>

#include "answers.hpp"
#include "credentials.hpp"
#include "dialog/http/subject_messages.hpp"
#include "handlers.hpp"
#include "metrics.hpp"
#include "openapi.hpp"
#include "route.hpp"
#include "times.hpp"
#include "watchers.hpp"

namespace dialog::server {
namespace {

std::string normalized_prefix(std::string prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty() && prefix.front() != '/') prefix.insert(prefix.begin(), '/');
  return prefix;
}

// The most that an answer takes which holds neither blocks nor many records: one record, or an
// error that names a subject.
constexpr std::size_t kSmallAnswerBytesMax = std::size_t{8} * 1024;
constexpr std::size_t kRecordBytesMax = 1024;
constexpr std::size_t kMetricsBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kWatchBytesMax = std::size_t{32} * 1024;
// What is read and printed while other connections of the thread wait.
constexpr std::size_t kAtOnceBytesMax = std::size_t{24} * 1024;
constexpr std::size_t kRevocationBytesMax = 128;
constexpr std::size_t kErrorFieldBytesMax = 1024;

bool is_field_value(const Bytes& text) {
  return text.size() <= kErrorFieldBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

std::optional<Answer> judge_fields(const HttpRequest& head, Resource resource) {
  if (const std::string* coding = head.headers.find("Content-Encoding");
      coding != nullptr && *coding != "identity") {
    return error_answer(
        415, {ErrorCode::unsupported, "this server takes bodies without content coding", {}});
  }
  if (resource == Resource::head && head.method == "PUT") {
    if (auto refusal = judge_media_type(head, wire::kJsonMediaType)) return refusal;
    if (auto precondition = parse_precondition(head); !precondition)
      return std::move(precondition).error();
  }
  if (resource == Resource::quota && head.method == "PUT") {
    return judge_media_type(head, wire::kJsonMediaType);
  }
  // Whoever states one relies on it.
  if (head.method == "DELETE" &&
      (head.headers.find("If-Match") != nullptr || head.headers.find("If-None-Match") != nullptr)) {
    return error_answer({ErrorCode::invalid_argument, "DELETE takes no precondition here", {}});
  }
  // Besides being true, this keeps web pages of other origins from posting here unasked.
  if (head.method == "POST") {
    return judge_media_type(
        head, resource == Resource::revocations ? wire::kJsonMediaType : wire::kBlocksMediaType);
  }
  return {};
}

}  // namespace

struct Service::Visit {
  std::string target;
  Route route;
  Visitor visitor;
  std::shared_ptr<const SignedRequest> unproved;  ///< where the signature is still to be verified
  Peer peer = Peer::this_machine;
};

Service::Service(ServerStore& store, ServiceConfig config, Clock& clock)
    : store_(store),
      config_(std::move(config)),
      clock_(clock),
      credentials_(std::make_unique<Credentials>(store, config_, clock)),
      metrics_(std::make_unique<Metrics>()),
      watchers_(std::make_unique<Watchers>(
          store.head_register(), Watchers::Options{config_.streams_max, config_.watch_look_again},
          clock)) {
  config_.path_prefix = normalized_prefix(std::move(config_.path_prefix));
}

Service::~Service() = default;

void Service::set_tokens(std::shared_ptr<const TokenSet> tokens) {
  credentials_->set_tokens(std::move(tokens));
  watchers_->judge_again();
}

void Service::begin_drain() {
  draining_ = true;
  watchers_->end_all();
}

void Service::set_signed_subjects(std::shared_ptr<const SubjectSet> subjects) {
  credentials_->set_signed_subjects(std::move(subjects));
  watchers_->judge_again();
}

bool Service::asks_for_credentials() const { return credentials_->are_asked_for(); }

std::optional<Answer> Service::judge(const HttpRequest& head, Visit& visit,
                                     const Visit* previous) const {
  visit.target = head.target;
  const auto* subject =
      previous != nullptr && previous->route.subject ? &*previous->route.subject : nullptr;
  auto route = parse_route(visit.target, config_.path_prefix, subject);
  if (!route) return error_answer(route.error());
  visit.route = *std::move(route);
  if (!is_allowed(visit.route.resource, head.method)) return judge_request(head, visit);
  auto verdict = credentials_->judge_head(head, visit.route);
  visit.visitor = std::move(verdict.visitor);
  visit.unproved = std::move(verdict.unproved);
  if (verdict.refusal) {
    metrics_->refused_credentials(head, verdict.refusal->response.status);
    return std::move(verdict.refusal);
  }
  return judge_request(head, visit);
}

// What is judged of each request, however well its target and its sender are known.
std::optional<Answer> Service::judge_request(const HttpRequest& head, const Visit& visit) const {
  const Resource resource = visit.route.resource;
  if (!is_allowed(resource, head.method)) {
    const std::string allowed(allowed_methods(resource));
    Answer answer =
        error_answer(405, {ErrorCode::unsupported, "this resource answers " + allowed, {}});
    answer.response.headers.add("Allow", allowed);
    return answer;
  }
  // How much a server does is for its operator, also where its data are for everybody.
  if (resource == Resource::metrics && visit.peer != Peer::this_machine &&
      !asks_for_credentials()) {
    metrics_->refused_credentials(head, 403);
    return error_answer(
        403, {ErrorCode::unauthorized, "without tokens this is told to this machine only", {}});
  }
  if (auto refusal = judge_open_admin(head, visit)) return refusal;
  return judge_fields(head, resource);
}

// Where everybody may do everything, nothing may be destroyed by somebody far away, nor by a page
// that the operator's browser shows.
std::optional<Answer> Service::judge_open_admin(const HttpRequest& head, const Visit& visit) const {
  const Resource resource = visit.route.resource;
  const bool needs_admin =
      resource == Resource::subjects || resource == Resource::quota || head.method == "DELETE";
  if (!needs_admin || head.method == "OPTIONS" || credentials_->are_asked_for()) return {};
  if (config_.admin_without_tokens && head.headers.find("Origin") == nullptr) return {};
  return error_answer(403, {ErrorCode::unauthorized,
                            "without tokens this is for programs on the server's own machine "
                            "alone; give the server a token file with a token for an admin",
                            {}});
}

std::size_t Service::body_limit(const HttpRequest& head, const Visit& visit) const {
  if (head.method != "PUT" && head.method != "POST") return 0;
  switch (visit.route.resource) {
    case Resource::head:
    case Resource::quota:
      return config_.register_body_bytes_max;
    case Resource::block:
      return config_.block_bytes_max;
    case Resource::revocations:
      return kRevokeBodyBytesMax;
    case Resource::blocks_put:
      return std::max(config_.batch_bytes_max, wire::frame_bytes(config_.block_bytes_max));
    case Resource::blocks_get:
    case Resource::blocks_has:
      return config_.batch_hashes_max * Hash::kSize;
    default:
      return 0;
  }
}

std::size_t Service::answer_limit(const HttpRequest& request, const Visit& visit) const {
  switch (visit.route.resource) {
    case Resource::description:
      return kOpenApi.size();
    case Resource::log: {
      const auto query = wire::parse_log_query(visit.route.query);
      const std::size_t records = query ? std::min(query->limit, config_.log_records_max) : 0;
      return kSmallAnswerBytesMax + records * kRecordBytesMax;
    }
    case Resource::subjects: {
      const auto query = wire::parse_subjects_query(visit.route.query);
      return kSmallAnswerBytesMax + (query ? query->limit : 0) * kRecordBytesMax;
    }
    case Resource::revocations:
      return kSmallAnswerBytesMax + kRevocationsMax * kRevocationBytesMax;
    case Resource::block:
      return request.method == "PUT" ? kSmallAnswerBytesMax
                                     : std::max(config_.block_bytes_max, kSmallAnswerBytesMax);
    case Resource::blocks_get: {
      const std::size_t frame_max = wire::frame_bytes(config_.block_bytes_max);
      const std::size_t hashes = request.body.size() / Hash::kSize;
      return std::max(kSmallAnswerBytesMax,
                      std::min(hashes * frame_max, std::max(config_.batch_bytes_max, frame_max)));
    }
    case Resource::blocks_has:
      return std::max(kSmallAnswerBytesMax, request.body.size() / Hash::kSize);
    case Resource::watch:
      return kWatchBytesMax;
    case Resource::metrics:
      return kMetricsBytesMax;
    default:
      return kSmallAnswerBytesMax;
  }
}

Service::Admission Service::admit(const HttpRequest& head, Peer peer,
                                  const std::shared_ptr<const Visit>& previous) const {
  // Where nobody shows credentials, requests for one target differ in nothing that a visit holds.
  const bool is_same = previous != nullptr && !asks_for_credentials() && previous->peer == peer &&
                       previous->target == head.target && !previous->unproved &&
                       previous->visitor.who.empty();
  Admission admission;
  if (is_same) {
    admission.visit = previous;
    admission.refusal = judge_request(head, *previous);
  } else {
    auto visit = std::make_shared<Visit>();
    visit->peer = peer;
    admission.refusal = judge(head, *visit, previous.get());
    admission.visit = std::move(visit);
  }
  const Visit& visit = *admission.visit;
  if (admission.refusal) {
    admission.refusal = finished(head, visit, *std::move(admission.refusal));
  } else {
    admission.body_bytes_max = body_limit(head, visit);
    admission.work = work_of(head, visit);
    admission.is_to_verify = visit.unproved != nullptr;
  }
  return admission;
}

Service::Work Service::work_of(const HttpRequest& head, const Visit& visit) const {
  if (head.method == "OPTIONS" || visit.route.resource == Resource::capabilities)
    return Work::at_once;
  // To verify a signature takes as long as many other answers.
  if (visit.unproved || !store_.answers_at_once() || head.method == "DELETE") return Work::waiting;
  switch (visit.route.resource) {
    case Resource::head:
    case Resource::block:
      return head.method == "PUT" ? Work::gathered : Work::at_once;
    case Resource::health:
    case Resource::readiness:
      return Work::at_once;
    case Resource::log:
      return answer_limit(head, visit) <= kAtOnceBytesMax ? Work::at_once : Work::waiting;
    default:
      return Work::waiting;
  }
}

Answer Service::finished(const HttpRequest& request, const Visit& visit, Answer answer) const {
  answer.who = visit.visitor.who;
  answer.resource = visit.route.resource;
  if (visit.route.subject) answer.subject = visit.route.subject->did();
  finish(request, answer);
  return answer;
}

Answer Service::answer(const HttpRequest& request, const Context& context,
                       const Reserve& reserve) const {
  return answer(request, admit(request), context, reserve);
}

Answer Service::answer(const HttpRequest& request, const Admission& admission,
                       const Context& context, const Reserve& reserve) const {
  if (admission.refusal) return *admission.refusal;
  if (admission.visit->unproved) return answer_signed(request, admission, context, reserve);
  const Visit& visit = *admission.visit;
  Answer answer;
  if (request.body.size() > admission.body_bytes_max) {
    answer = error_answer(
        {ErrorCode::too_large,
         "the body is longer than " + std::to_string(admission.body_bytes_max) + " bytes",
         {}});
  } else if (reserve && !reserve(answer_limit(request, visit))) {
    answer = error_answer(
        503, {ErrorCode::resource_exhausted, "too many large answers at once; try again soon", {}});
  } else {
    answer = dispatch(request, visit, context);
  }
  return finished(request, visit, std::move(answer));
}

Answer Service::answer_signed(const HttpRequest& request, const Admission& admission,
                              const Context& context, const Reserve& reserve) const {
  auto proved = std::make_shared<Visit>(*admission.visit);
  proved->unproved.reset();
  // What is too long is told without a look at it.
  if (request.body.size() <= admission.body_bytes_max) {
    auto verdict = credentials_->prove(*admission.visit->unproved, request, context);
    proved->visitor = std::move(verdict.visitor);
    if (verdict.refusal) {
      const int status = verdict.refusal->response.status;
      metrics_->refused_credentials(request, status);
      verdict.refusal->forged = status == 401 || status == 403;
      return finished(request, *proved, *std::move(verdict.refusal));
    }
  }
  Admission after = admission;
  after.visit = std::move(proved);
  return answer(request, after, context, reserve);
}

std::variant<Answer, Service::Write> Service::begin_write(const HttpRequest& request,
                                                          const Admission& admission) const {
  const Visit& visit = *admission.visit;
  const Task task = this->task(request, visit, {});
  if (visit.route.resource == Resource::head) {
    auto swap = read_swap(task);
    if (swap) return Write{task.subject(), *std::move(swap)};
    return finished(request, visit, std::move(swap).error());
  }
  auto block = read_block(task);
  if (block) return Write{task.subject(), *std::move(block)};
  return finished(request, visit, std::move(block).error());
}

void Service::write_all(std::span<Write* const> writes, const Context& context) const {
  std::vector<Register::Asked> asked;
  std::vector<Write*> swaps;
  std::vector<std::pair<Write*, std::shared_ptr<Archive>>> blocks;
  for (Write* const write : writes) {
    if (const auto* swap = std::get_if<Register::Swap>(&write->what)) {
      asked.push_back({write->subject, *swap});
      swaps.push_back(write);
    } else {
      auto archive = store_.archive_for(write->subject);
      write->stored = archive->put({&std::get<Block>(write->what), 1}, context);
      blocks.emplace_back(write, std::move(archive));
    }
  }
  // The blocks come before the swaps, so that the wait for these is a wait for all.
  if (!asked.empty()) {
    auto outcomes = store_.head_register().swap_all(asked, context);
    for (std::size_t i = 0; i < swaps.size(); ++i) swaps[i]->swapped = std::move(outcomes[i]);
  }
  for (auto& [write, archive] : blocks) {
    if (*write->stored) write->stored = archive->flush(context);
  }
}

Answer Service::end_write(const HttpRequest& request, const Admission& admission,
                          const Write& write) const {
  const Visit& visit = *admission.visit;
  const Task task = this->task(request, visit, {});
  const auto* swap = std::get_if<Register::Swap>(&write.what);
  if (swap == nullptr && *write.stored) count_stored(task, {&std::get<Block>(write.what), 1});
  return finished(
      request, visit,
      swap != nullptr ? swap_answer(task, *swap, *write.swapped) : stored_answer(*write.stored));
}

Task Service::task(const HttpRequest& request, const Visit& visit, const Context& context) const {
  return {request,       visit.route, config_,   store_,    context,
          visit.visitor, clock_,      *metrics_, draining_, *watchers_};
}

Answer Service::dispatch(const HttpRequest& request, const Visit& visit,
                         const Context& context) const {
  if (request.method == "OPTIONS") return preflight(request, visit);
  const Task task = this->task(request, visit, context);
  const bool put = request.method == "PUT";
  switch (visit.route.resource) {
    case Resource::server:
      break;
    case Resource::capabilities:
      return get_capabilities(task);
    case Resource::description:
      return get_description(task);
    case Resource::health:
      return get_health(task);
    case Resource::readiness:
      return get_readiness(task);
    case Resource::metrics:
      return get_metrics(task);
    case Resource::head:
      if (request.method == "DELETE") return delete_subject(task);
      return put ? put_head(task) : get_head(task);
    case Resource::subjects:
      return get_subjects(task);
    case Resource::usage:
      return get_usage(task);
    case Resource::quota:
      return put ? put_quota(task) : delete_quota(task);
    case Resource::log:
      return get_log(task);
    case Resource::revocations:
      return request.method == "POST" ? post_revocation(task) : get_revocations(task);
    case Resource::watch:
      return get_watch(task, credentials_->keep(request, visit.route, visit.visitor));
    case Resource::block:
      return put ? put_block(task) : get_block(task);
    case Resource::blocks_get:
      return get_blocks(task);
    case Resource::blocks_put:
      return put_blocks(task);
    case Resource::blocks_has:
      return has_blocks(task);
  }
  return error_answer({ErrorCode::internal, "a resource without a handler", {}});
}

Answer Service::preflight(const HttpRequest& request, const Visit& visit) const {
  Answer answer;
  answer.response.status = 204;
  const std::string methods(allowed_methods(visit.route.resource));
  answer.response.headers.add("Allow", methods);
  if (config_.cors_origins.empty() ||
      request.headers.find("Access-Control-Request-Method") == nullptr)
    return answer;
  answer.response.headers.add("Access-Control-Allow-Methods", methods);
  answer.response.headers.add(
      "Access-Control-Allow-Headers",
      "Authorization, Content-Digest, Content-Type, Dialog-Capability, If-Match, "
      "If-None-Match, Last-Event-ID, Signature, Signature-Input");
  answer.response.headers.add("Access-Control-Max-Age", "7200");
  return answer;
}

Answer Service::refuse(const HttpRequest& head, int status, const Error& error) const {
  Answer answer = error_answer(status, error);
  finish(head, answer);
  return answer;
}

void Service::finish(const HttpRequest& request, Answer& answer) const {
  HttpHeaders& headers = answer.response.headers;
  headers.add("Date", http_date(clock_.wall()));
  if (headers.find("Cache-Control") == nullptr) headers.add("Cache-Control", "no-store");
  // Blocks hold what users wrote: no browser may take one for a page.
  headers.add("X-Content-Type-Options", "nosniff");
  if (!config_.cors_origins.empty()) {
    headers.add("Vary", "Origin");
    const std::string* origin = request.headers.find("Origin");
    const auto& allowed = config_.cors_origins;
    const bool all = std::find(allowed.begin(), allowed.end(), "*") != allowed.end();
    if (origin != nullptr &&
        (all || std::find(allowed.begin(), allowed.end(), *origin) != allowed.end())) {
      headers.add("Access-Control-Allow-Origin", all ? "*" : *origin);
      headers.add("Access-Control-Expose-Headers", "ETag, Retry-After, WWW-Authenticate, " +
                                                       std::string(wire::kSequenceHeader) + ", " +
                                                       std::string(wire::kErrorHeader));
    }
  }
  if (request.method == "HEAD") {
    headers.add("Content-Length", std::to_string(answer.response.body.size()));
    // No body says why.
    if (answer.response.status >= 400 && is_field_value(answer.response.body))
      headers.add(std::string(wire::kErrorHeader), answer.response.body);
    answer.response.body.clear();
  }
}

}  // namespace dialog::server
