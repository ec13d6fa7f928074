#include "dialog/cloud/s3_revocations.hpp"

#include <utility>

#include "revoked_object.hpp"
#include "s3_caller.hpp"

namespace dialog {
namespace {

std::string name_of(const Subject& subject) { return subject.id().hex() + "/revoked"; }

}  // namespace

Result<std::unique_ptr<S3Revocations>> S3Revocations::create(S3Config config,
                                                             HttpTransport transport) {
  DIALOG_ASSIGN(auto caller, detail::S3Caller::create(std::move(config), std::move(transport)));
  return std::unique_ptr<S3Revocations>(new S3Revocations(std::move(caller)));
}

Result<S3Revocations::Stored> S3Revocations::load(const Subject& subject,
                                                  const Context& context) const {
  const auto response =
      caller_->send({"GET", name_of(subject), {}, {}}, detail::kRevokedBytesMax, context);
  if (!response) return fail(caller_->refusal(response.error()));
  if (response->status == 404 && detail::s3_code(*response) == "NoSuchKey") return Stored{};
  const auto etag = detail::s3_etag(*response);
  if (response->status != 200 || !etag) return fail(caller_->refusal(*response));
  DIALOG_ASSIGN(auto revocations, detail::parse_revoked(response->body, subject));
  return Stored{*etag, std::move(revocations)};
}

Result<void> S3Revocations::add(const Subject& subject, const Revoke& revoke,
                                const Context& context) {
  const Context until = caller_->bounded(context);
  for (int attempt = 0;; ++attempt) {
    DIALOG_ASSIGN(const Stored stored, load(subject, until));
    DIALOG_ASSIGN(const auto revocations, with_revocation(stored.revocations, revoke));
    // What an earlier copy of this request did, or another server, too.
    if (!stored.etag.empty() && revocations == stored.revocations) return {};
    detail::S3Request request{
        "PUT", name_of(subject), {}, detail::print_revoked(revocations, subject)};
    request.headers.add("Content-Type", "application/json");
    request.headers.add(stored.etag.empty() ? "If-None-Match" : "If-Match",
                        stored.etag.empty() ? "*" : stored.etag);
    const auto response = caller_->send(request, detail::kS3AnswerBytesMax, until);
    if (!response) return fail(caller_->refusal(response.error()));
    if (response->status == 200) return {};
    const bool lost_race = response->status == 412 || response->status == 409 ||
                           detail::s3_code(*response) == "NoSuchKey";
    Error error = caller_->refusal(*response);
    if (!lost_race) return fail(std::move(error));
    DIALOG_ASSIGN(const bool waited,
                  wait_to_repeat(caller_->transport(), caller_->retry(), attempt, {}, until));
    if (!waited) return fail(std::move(error));
  }
}

Result<std::vector<Revocation>> S3Revocations::list(const Subject& subject,
                                                    const Context& context) {
  DIALOG_ASSIGN(Stored stored, load(subject, caller_->bounded(context)));
  return std::move(stored.revocations);
}

}  // namespace dialog
