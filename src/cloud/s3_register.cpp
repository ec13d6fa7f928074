#include "dialog/cloud/s3_register.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <variant>

#include "dialog/http/limits.hpp"
#include "head_object.hpp"
#include "s3_caller.hpp"
#include "s3_probe.hpp"

namespace dialog {
namespace {

// More than any head has, so that what is none is still read and told.
constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20U;
// Of heads that are remembered; each takes some 15 KiB.
constexpr std::size_t kSeenMax = 256;

std::string head_name(const Subject& subject) { return subject.id().hex() + "/head"; }

std::string new_id(RandomSource& random) {
  std::array<std::uint8_t, 16> octets{};
  random.fill(octets);
  return to_hex({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

bool accepts(const detail::HeadObject* head, const Register::Swap& swap) {
  if (head == nullptr) return swap.expected.is_zero();
  return !swap.must_create && head->record().revision == swap.expected;
}

}  // namespace

/// A head as the bucket keeps it, under the tag that a write must name to replace it.
struct S3Register::Stored {
  std::string etag;
  std::shared_ptr<const detail::HeadObject> head;
};

/// What this object last saw of each subject. Only saves requests: whether it still holds is for
/// the bucket to say.
struct S3Register::Seen {
  std::atomic<bool> probed = false;

  std::optional<Stored> find(const Subject& subject) {
    const std::lock_guard lock(mutex_);
    const auto found = heads_.find(subject);
    return found == heads_.end() ? std::nullopt : std::optional(found->second);
  }
  void store(const Subject& subject, const std::optional<Stored>& stored) {
    const std::lock_guard lock(mutex_);
    if (!stored) {
      heads_.erase(subject);
      return;
    }
    if (heads_.size() >= kSeenMax && !heads_.contains(subject)) heads_.erase(heads_.begin());
    heads_.insert_or_assign(subject, *stored);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<Subject, Stored> heads_;
};

/// One swap on its way: it writes, and where the answer leaves anything open, looks and goes on.
class S3Register::Swapping {
 public:
  Swapping(S3Register& heads, const Subject& subject, const Swap& swap, const Context& context)
      : heads_(heads),
        caller_(*heads.caller_),
        subject_(subject),
        swap_(swap),
        context_(context),
        id_(new_id(*caller_.transport().random)) {}

  Result<SwapOutcome> run() {
    DIALOG_TRY(first_look());
    for (int attempt = 0;; ++attempt) {
      if (!accepts(base_ ? base_->head.get() : nullptr, swap_)) return refused();
      DIALOG_TRY(make_sure_of_conditions());
      const detail::HeadObject next =
          detail::next_head(base_ ? base_->head.get() : nullptr, swap_, id_);
      const auto response = put(next);
      if (response && response->status == 200) return accepted(*response, next);
      if (const auto error = definite(response)) return fail(*error);
      const bool last = attempt + 1 >= caller_.retry().attempts_max;
      if (!last) DIALOG_TRY(pause(response, attempt));
      DIALOG_ASSIGN(auto outcome, look_again());
      if (outcome) return *std::move(outcome);
      if (last) return fail(given_up(response));
    }
  }

 private:
  // Where a write would be refused, or go without its condition, the bucket is asked first.
  Result<void> first_look() {
    base_ = heads_.seen_->find(subject_);
    const bool may_write = base_ ? accepts(base_->head.get(), swap_) : swap_.expected.is_zero();
    if (may_write) return {};
    DIALOG_ASSIGN(base_, heads_.load(subject_, context_));
    return {};
  }

  Result<void> make_sure_of_conditions() {
    if (base_ || heads_.seen_->probed) return {};
    return heads_.probe(context_);
  }

  Result<HttpResponse, HttpFailure> put(const detail::HeadObject& next) {
    detail::S3Request request{"PUT", head_name(subject_), {}, detail::print_head(next, subject_)};
    request.headers.add("Content-Type", "application/json");
    if (base_) {
      request.headers.add("If-Match", base_->etag);
    } else {
      request.headers.add("If-None-Match", "*");
    }
    if (auto wanted = check_context(context_, caller_.clock()); !wanted)
      return fail(HttpFailure{std::move(wanted).error(), false});
    return caller_.send_once(request, detail::kS3AnswerBytesMax, context_);
  }

  SwapOutcome accepted(const HttpResponse& response, const detail::HeadObject& next) {
    const auto etag = detail::s3_etag(response);
    heads_.seen_->store(
        subject_,
        etag ? std::optional(Stored{*etag, std::make_shared<const detail::HeadObject>(next)})
             : std::nullopt);
    return Accepted{next.record()};
  }

  SwapOutcome refused() const {
    return Refused{base_ ? std::optional(base_->head->record()) : std::nullopt};
  }

  // Why the write did not happen and none will, as far as that is certain. Absent where a look at
  // the bucket tells more. Notes where the write may have happened, or may yet.
  std::optional<Error> definite(const Result<HttpResponse, HttpFailure>& response) {
    if (!response) {
      const bool sent = response.error().may_have_been_received;
      open_ = open_ || sent;
      if (open_ || response.error().error.code == ErrorCode::unavailable) return std::nullopt;
      return caller_.refusal(response.error());
    }
    const int status = response->status;
    const bool lost_race = status == 412 || status == 409 ||
                           (status == 404 && detail::s3_code(*response) == "NoSuchKey");
    if (lost_race) return std::nullopt;
    if (is_transient(status)) {
      open_ = true;
      return std::nullopt;
    }
    if (open_) return unknown(caller_.refusal(*response));
    Error error = caller_.refusal(*response);
    if (status >= 200 && status < 300) error.code = ErrorCode::not_a_remote;
    return error;
  }

  [[nodiscard]] Error given_up(const Result<HttpResponse, HttpFailure>& response) const {
    Error error = response ? caller_.refusal(*response) : caller_.refusal(response.error());
    if (open_) return unknown(error);
    // Others were always a little faster.
    if (response) error.code = ErrorCode::unavailable;
    return error;
  }

  [[nodiscard]] Error unknown(const Error& why) const {
    return Error{
        ErrorCode::indeterminate,
        "whether the new head of " + subject_.did() + " was stored is not known: " + why.message,
        {}};
  }

  // A lost race needs no wait: the look that follows it tells who won.
  Result<void> pause(const Result<HttpResponse, HttpFailure>& response, int attempt) {
    if (response && (response->status == 412 || response->status == 404)) return {};
    auto waited = wait_to_repeat(caller_.transport(), caller_.retry(), attempt, {}, context_);
    if (waited && *waited) return {};
    Error error = waited ? given_up(response) : std::move(waited).error();
    return fail(open_ ? unknown(error) : std::move(error));
  }

  // Absent where the write may be tried (again).
  Result<std::optional<SwapOutcome>> look_again() {
    auto now = heads_.load(subject_, context_);
    if (!now) return fail(open_ ? unknown(now.error()) : std::move(now).error());
    const detail::HeadObject* const head = *now ? (*now)->head.get() : nullptr;
    if (const HeadRecord* const own = head ? head->find(id_) : nullptr)
      return std::optional<SwapOutcome>(Accepted{*own});
    const bool unchanged =
        now->has_value() == base_.has_value() && (!base_ || (*now)->etag == base_->etag);
    // The same bytes under the same condition take effect once at most, whichever of them arrives.
    if (unchanged) return std::nullopt;
    const std::uint64_t before = base_ ? base_->head->record().sequence : 0;
    if (open_ && (head == nullptr || !head->reaches(before))) {
      return fail(unknown(
          {ErrorCode::indeterminate,
           head ? "more swaps followed than the history keeps" : "the record was deleted meanwhile",
           {}}));
    }
    // What it was to replace is gone for good, so no write of ours is on its way any more.
    open_ = false;
    base_ = *std::move(now);
    return std::nullopt;
  }

  S3Register& heads_;
  const detail::S3Caller& caller_;
  const Subject& subject_;
  const Swap& swap_;
  const Context& context_;
  const std::string id_;
  std::optional<Stored> base_;  // what the write replaces
  bool open_ = false;           // a write may have happened, or may yet
};

S3Register::S3Register(std::shared_ptr<const detail::S3Caller> caller)
    : caller_(std::move(caller)), seen_(std::make_unique<Seen>()) {}

S3Register::~S3Register() = default;

Result<std::unique_ptr<S3Register>> S3Register::create(S3Config config, HttpTransport transport) {
  DIALOG_ASSIGN(auto caller, detail::S3Caller::create(std::move(config), std::move(transport)));
  return std::unique_ptr<S3Register>(new S3Register(std::move(caller)));
}

Result<void> S3Register::probe(const Context& context) {
  DIALOG_TRY(detail::probe_conditions(*caller_, caller_->bounded(context)));
  seen_->probed = true;
  return {};
}

Result<std::optional<S3Register::Stored>> S3Register::load(const Subject& subject,
                                                           const Context& context) {
  auto known = seen_->find(subject);
  detail::S3Request request{"GET", head_name(subject), {}, {}};
  if (known) request.headers.add("If-None-Match", known->etag);
  auto response = caller_->send(request, kAnswerBytesMax, context);
  if (!response) return fail(caller_->refusal(response.error()));
  if (response->status == 304 && known) return known;
  if (response->status == 404 && detail::s3_code(*response) == "NoSuchKey") {
    seen_->store(subject, std::nullopt);
    return std::optional<Stored>();
  }
  const auto etag = detail::s3_etag(*response);
  if (response->status != 200) return fail(caller_->refusal(*response));
  if (!etag) {
    return fail(ErrorCode::not_a_remote,
                caller_->location().text() + " answers without an entity tag");
  }
  DIALOG_ASSIGN(auto head, detail::parse_head(response->body, subject));
  std::optional<Stored> stored(
      Stored{*etag, std::make_shared<const detail::HeadObject>(std::move(head))});
  seen_->store(subject, stored);
  return stored;
}

Result<std::optional<HeadRecord>> S3Register::read(const Subject& subject, const Context& context) {
  DIALOG_ASSIGN(const auto stored, load(subject, caller_->bounded(context)));
  return stored ? std::optional(stored->head->record()) : std::nullopt;
}

Result<Register::SwapOutcome> S3Register::swap(const Subject& subject, const Swap& swap,
                                               const Context& context) {
  if (swap.author.size() > wire::kAuthorBytesMax || !is_utf8(swap.author)) {
    return fail(ErrorCode::invalid_argument, "an author is at most 4096 bytes of UTF-8");
  }
  const Context until = caller_->bounded(context);
  DIALOG_TRY(check_context(until, caller_->clock()));
  return Swapping(*this, subject, swap, until).run();
}

Result<HeadHistory> S3Register::history(const Subject& subject, std::uint64_t after,
                                        std::size_t limit, const Context& context) {
  DIALOG_ASSIGN(const auto stored, load(subject, caller_->bounded(context)));
  return stored ? stored->head->history(after, limit) : HeadHistory{};
}

}  // namespace dialog
