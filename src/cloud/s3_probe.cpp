#include "s3_probe.hpp"

#include <array>

namespace dialog::detail {
namespace {

class Probe {
 public:
  Probe(const S3Caller& caller, const Context& context) : caller_(caller), context_(context) {
    std::array<std::uint8_t, 16> octets{};
    caller.transport().random->fill(octets);
    name_ = "probe/" + to_hex({reinterpret_cast<const char*>(octets.data()), octets.size()});
  }

  Result<void> run() {
    auto rest = refuses_without_and_with_an_object();
    // Whoever may not delete leaves a few bytes behind.
    (void)caller_.send_once({"DELETE", name_, {}, {}}, kS3AnswerBytesMax, context_);
    return rest;
  }

 private:
  // The tag of no object that a probe writes.
  static constexpr const char* kTag = "\"00000000000000000000000000000000\"";

  Result<void> refuses_without_and_with_an_object() {
    DIALOG_TRY(expect(name_, "If-Match", kTag, false, "If-Match, on a missing object,"));
    DIALOG_TRY(expect(name_, "If-None-Match", "*", true, "If-None-Match: *"));
    DIALOG_TRY(expect(name_, "If-None-Match", "*", false, "If-None-Match: *"));
    return expect(name_, "If-Match", kTag, false, "If-Match");
  }

  // A write under this condition must succeed, or must be refused as one that does not hold.
  Result<void> expect(const std::string& name, const char* field, const char* condition,
                      bool success, const std::string& what) {
    S3Request request{"PUT", name, {}, "probe"};
    request.headers.add(field, condition);
    const auto response = caller_.send(request, kS3AnswerBytesMax, context_);
    if (!response) return fail(caller_.refusal(response.error()));
    const bool refused =
        response->status == 412 || (response->status == 404 && s3_code(*response) == "NoSuchKey");
    // A repetition meets what an attempt before it left, whose answer was lost.
    if (success ? response->status == 200 || refused : refused) return {};
    if (response->status != 200) return fail(caller_.refusal(*response));
    return fail(ErrorCode::unsupported,
                caller_.location().text() + " ignores the condition " + what +
                    " of a write: two writers would overwrite each other there. It is no place for "
                    "a register; use a store that honours conditional writes");
  }

  const S3Caller& caller_;
  const Context& context_;
  std::string name_;
};

}  // namespace

Result<void> probe_conditions(const S3Caller& caller, const Context& context) {
  return Probe(caller, context).run();
}

}  // namespace dialog::detail
