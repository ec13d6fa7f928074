#include "signing_client.hpp"

#include <algorithm>
#include <array>

namespace dialog::detail {
namespace {

using std::chrono::seconds;

// Beside what a body takes at 32 KiB/s.
constexpr seconds kLife{60};
constexpr std::size_t kBytesPerSecondMin = std::size_t{32} * 1024;
// Two clocks that differ by less need no correction.
constexpr seconds kOffsetMin{5};
// Whoever can forge a server's answers would otherwise get signatures for any time to come.
constexpr seconds kOffsetMax = std::chrono::hours(24);

seconds whole_seconds(WallTime time) { return std::chrono::duration_cast<seconds>(time); }

std::string random_hex(RandomSource& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

seconds magnitude(seconds span) { return span < seconds::zero() ? -span : span; }

}  // namespace

SigningHttpClient::SigningHttpClient(HttpTransport transport, std::shared_ptr<const SecretKey> key,
                                     const std::optional<Capability>& capability)
    : transport_(std::move(transport)),
      key_(std::move(key)),
      capability_(capability ? capability->text() : std::string()) {}

Result<HttpResponse, HttpFailure> SigningHttpClient::send(const HttpRequest& request,
                                                          std::size_t response_bytes_max,
                                                          const Context& context) {
  return send_signed(request, [&](const HttpRequest& with_signature) {
    return transport_.client->send(with_signature, response_bytes_max, context);
  });
}

Result<HttpResponse, HttpFailure> SigningHttpClient::stream(const HttpRequest& request,
                                                            const HttpStream& stream,
                                                            const Context& context) {
  return send_signed(request, [&](const HttpRequest& with_signature) {
    return transport_.client->stream(with_signature, stream, context);
  });
}

Result<HttpResponse, HttpFailure> SigningHttpClient::send_signed(const HttpRequest& request,
                                                                 const Send& send) {
  HttpRequest with_signature = request;
  if (!capability_.empty()) with_signature.headers.set(wire::kCapabilityHeader, capability_);
  for (bool again = false;; again = true) {
    const Manner used = manner();
    if (auto made = sign(with_signature, used); !made)
      return fail(HttpFailure{std::move(made).error(), false});
    auto outcome = send(with_signature);
    if (again || !outcome || !learn(*outcome, used)) return outcome;
  }
}

Result<void> SigningHttpClient::sign(HttpRequest& request, const Manner& manner) const {
  const seconds created = whole_seconds(transport_.clock->wall()) + manner.offset;
  const seconds transfer(request.body.size() / kBytesPerSecondMin);
  const seconds life = std::min(kLife + transfer, wire::kSignatureLifeMax);
  return wire::sign_request(
      request, *key_,
      {created, created + life, manner.nonce_prefix + random_hex(*transport_.random)});
}

SigningHttpClient::Manner SigningHttpClient::manner() const {
  const std::lock_guard lock(mutex_);
  return manner_;
}

bool SigningHttpClient::learn(const HttpResponse& refusal, const Manner& used) {
  if (refusal.status != 401) return false;
  const auto challenge = wire::find_challenge(refusal.headers);
  if (!challenge) return false;
  Manner wanted{challenge->nonce_prefix, challenge->time - whole_seconds(transport_.clock->wall())};
  if (magnitude(wanted.offset) > kOffsetMax || magnitude(wanted.offset - used.offset) < kOffsetMin)
    wanted.offset = used.offset;
  if (wanted == used) return false;
  const std::lock_guard lock(mutex_);
  manner_ = std::move(wanted);
  return true;
}

}  // namespace dialog::detail
