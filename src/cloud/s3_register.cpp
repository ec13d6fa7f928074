#include "dialog/cloud/s3_register.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dialog/http/limits.hpp"
#include "head_object.hpp"
#include "s3_caller.hpp"
#include "s3_list.hpp"
#include "s3_probe.hpp"

namespace dialog {
namespace {

using detail::HeadObject;

// More than any head has, so that what is none is still read and told.
constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20U;
// Of heads that are remembered; each takes some 15 KiB.
constexpr std::size_t kSeenMax = 256;

std::string head_name(const Hash& id) { return id.hex() + "/head"; }

std::string new_id(RandomSource& random) {
  std::array<std::uint8_t, 16> octets{};
  random.fill(octets);
  return to_hex({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

bool accepts(const HeadObject* head, const Register::Swap& swap) {
  if (head == nullptr || head->is_removal()) return swap.expected.is_zero();
  return !swap.must_create && head->record().revision == swap.expected;
}

std::optional<HeadRecord> record_of(const HeadObject* head) {
  if (head == nullptr || head->is_removal()) return std::nullopt;
  return head->shown(head->record());
}

bool is_being_removed(const HeadObject* head) { return head != nullptr && head->removing; }

Result<void> check_present(const HeadObject* head, const Subject& subject) {
  return is_being_removed(head) ? Result<void>(fail(being_removed(subject))) : Result<void>();
}

/// What is to stand in the place of a head, under an identifier; absent where that is to stay.
/// Null: there is none yet.
using Next = std::function<std::optional<HeadObject>(const HeadObject* head, std::string id)>;

}  // namespace

/// A head as the bucket keeps it, under the tag that a write must name to replace it.
struct S3Register::Stored {
  std::string etag;
  std::shared_ptr<const HeadObject> head;
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

/// One change on its way: it writes, and where the answer leaves anything open, looks and goes on.
class S3Register::Changing {
 public:
  Changing(S3Register& heads, const Subject& subject, const Next& next, const Context& context)
      : heads_(heads),
        caller_(*heads.caller_),
        subject_(subject),
        next_(next),
        context_(context),
        id_(new_id(*caller_.transport().random)) {}

  /// The change that was made; where there was none to make, the head that stays, which may be
  /// null.
  struct Changed {
    std::optional<HeadRecord> made;
    std::shared_ptr<const HeadObject> head;
  };
  Result<Changed> run() {
    DIALOG_TRY(first_look());
    for (int attempt = 0;; ++attempt) {
      const auto next = next_(base(), id_);
      if (!next) return Changed{std::nullopt, base_ ? base_->head : nullptr};
      DIALOG_TRY(make_sure_of_conditions());
      const auto response = put(*next);
      if (response && response->status == 200) return made(*response, *next);
      if (const auto error = definite(response)) return fail(*error);
      const bool last = attempt + 1 >= caller_.retry().attempts_max;
      if (!last) DIALOG_TRY(pause(response, attempt));
      DIALOG_ASSIGN(auto earlier, look_again());
      if (earlier) return *std::move(earlier);
      if (last) return fail(given_up(response));
    }
  }

 private:
  [[nodiscard]] const HeadObject* base() const { return base_ ? base_->head.get() : nullptr; }

  // Where a write would be refused, or go without its condition, the bucket is asked first.
  Result<void> first_look() {
    base_ = heads_.seen_->find(subject_);
    if (next_(base(), id_)) return {};
    DIALOG_ASSIGN(base_, heads_.load(subject_, context_));
    return {};
  }

  Result<void> make_sure_of_conditions() {
    if (base_ || heads_.seen_->probed) return {};
    return heads_.probe(context_);
  }

  Result<HttpResponse, HttpFailure> put(const HeadObject& next) {
    detail::S3Request request{
        "PUT", head_name(subject_.id()), {}, detail::print_head(next, subject_)};
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

  Changed made(const HttpResponse& response, const HeadObject& next) {
    const auto etag = detail::s3_etag(response);
    auto head = std::make_shared<const HeadObject>(next);
    heads_.seen_->store(subject_, etag ? std::optional(Stored{*etag, head}) : std::nullopt);
    return Changed{next.shown(next.record()), std::move(head)};
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
  Result<std::optional<Changed>> look_again() {
    auto now = heads_.load(subject_, context_);
    if (!now) return fail(open_ ? unknown(now.error()) : std::move(now).error());
    const std::shared_ptr<const HeadObject> head = *now ? (*now)->head : nullptr;
    if (const HeadRecord* const own = head ? head->find(id_) : nullptr)
      return std::optional<Changed>({head->shown(*own), head});
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
  const Next& next_;
  const Context& context_;
  const std::string id_;
  std::optional<Stored> base_;  // what the write replaces
  bool open_ = false;           // a write may have happened, or may yet
};

S3Register::S3Register(std::shared_ptr<const detail::S3Caller> caller, ParallelFor parallel_for)
    : caller_(std::move(caller)),
      parallel_for_(std::move(parallel_for)),
      seen_(std::make_unique<Seen>()) {}

S3Register::~S3Register() = default;

Result<std::unique_ptr<S3Register>> S3Register::create(S3Config config, HttpTransport transport,
                                                       ParallelFor parallel_for) {
  DIALOG_ASSIGN(auto caller, detail::S3Caller::create(std::move(config), std::move(transport)));
  return std::unique_ptr<S3Register>(new S3Register(std::move(caller), std::move(parallel_for)));
}

Result<void> S3Register::probe(const Context& context) {
  DIALOG_TRY(detail::probe_conditions(*caller_, caller_->bounded(context)));
  seen_->probed = true;
  return {};
}

Result<std::optional<S3Register::Stored>> S3Register::load(const Subject& subject,
                                                           const Context& context) {
  auto known = seen_->find(subject);
  detail::S3Request request{"GET", head_name(subject.id()), {}, {}};
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
  std::optional<Stored> stored(Stored{*etag, std::make_shared<const HeadObject>(std::move(head))});
  seen_->store(subject, stored);
  return stored;
}

Result<std::optional<HeadRecord>> S3Register::read(const Subject& subject, const Context& context) {
  DIALOG_ASSIGN(const auto stored, load(subject, caller_->bounded(context)));
  const HeadObject* const head = stored ? stored->head.get() : nullptr;
  DIALOG_TRY(check_present(head, subject));
  return record_of(head);
}

Result<Register::SwapOutcome> S3Register::swap(const Subject& subject, const Swap& swap,
                                               const Context& context) {
  if (swap.author.size() > wire::kAuthorBytesMax || !is_utf8(swap.author)) {
    return fail(ErrorCode::invalid_argument, "an author is at most 4096 bytes of UTF-8");
  }
  const Context until = caller_->bounded(context);
  DIALOG_TRY(check_context(until, caller_->clock()));
  const Next next = [&](const HeadObject* head, std::string id) -> std::optional<HeadObject> {
    if (is_being_removed(head) || !accepts(head, swap)) return std::nullopt;
    return detail::next_head(head, swap, std::move(id));
  };
  DIALOG_ASSIGN(auto changed, Changing(*this, subject, next, until).run());
  if (changed.made) return Accepted{*std::move(changed.made)};
  DIALOG_TRY(check_present(changed.head.get(), subject));
  return Refused{record_of(changed.head.get())};
}

Result<bool> S3Register::begin_removal(const Subject& subject, bool unpublished_too,
                                       const Context& context) {
  const Next next = [&](const HeadObject* head, std::string id) -> std::optional<HeadObject> {
    if (is_being_removed(head)) return std::nullopt;
    if ((head == nullptr || head->is_removal()) && !unpublished_too) return std::nullopt;
    return detail::removed_head(head, true, caller_->clock().wall(), std::move(id));
  };
  const Context until = caller_->bounded(context);
  DIALOG_ASSIGN(const auto changed, Changing(*this, subject, next, until).run());
  return changed.made || is_being_removed(changed.head.get());
}

Result<void> S3Register::end_removal(const Subject& subject, const Context& context) {
  const Next next = [&](const HeadObject* head, std::string id) -> std::optional<HeadObject> {
    if (!is_being_removed(head)) return std::nullopt;
    return detail::removed_head(head, false, head->record().time, std::move(id));
  };
  const Context until = caller_->bounded(context);
  DIALOG_TRY(Changing(*this, subject, next, until).run());
  return {};
}

Result<HeadHistory> S3Register::history(const Subject& subject, std::uint64_t after,
                                        std::size_t limit, const Context& context) {
  DIALOG_ASSIGN(const auto stored, load(subject, caller_->bounded(context)));
  return stored ? stored->head->history(after, limit) : HeadHistory{};
}

Result<SharedRegister::Page> S3Register::list(const std::optional<Hash>& after, std::size_t limit,
                                              const Context& context) {
  Page page;
  std::optional<Hash> from = after;
  do {
    DIALOG_ASSIGN(const auto subjects, detail::list_subjects(*caller_, from, limit, context));
    if (!subjects.ids.empty()) from = subjects.ids.back();
    page.complete = subjects.complete;
    std::vector<std::optional<Listed>> listed(subjects.ids.size());
    DIALOG_TRY(for_each_number(parallel_for_, listed.size(), [&](std::size_t i) -> Result<void> {
      DIALOG_ASSIGN(listed[i], load_listed(subjects.ids[i], context));
      return {};
    }));
    for (auto& each : listed) {
      if (each) page.entries.push_back(*std::move(each));
    }
  } while (page.entries.empty() && !page.complete);
  return page;
}

Result<std::optional<SharedRegister::Listed>> S3Register::load_listed(const Hash& id,
                                                                      const Context& context) {
  const auto response =
      caller_->send({"GET", head_name(id), {}, {}}, kAnswerBytesMax, caller_->bounded(context));
  if (!response) return fail(caller_->refusal(response.error()));
  if (response->status == 404 && detail::s3_code(*response) == "NoSuchKey")
    return std::optional<Listed>();
  if (response->status != 200) return fail(caller_->refusal(*response));
  DIALOG_ASSIGN(const Subject subject, detail::parse_head_subject(response->body));
  if (subject.id() != id) {
    return fail(ErrorCode::corrupt, "the head of " + subject.did() + " lies in another's place");
  }
  DIALOG_ASSIGN(const HeadObject head, detail::parse_head(response->body, subject));
  auto record = record_of(&head);
  if (!record) return std::optional<Listed>();
  return std::optional<Listed>({id, subject.did(), *std::move(record)});
}

}  // namespace dialog
