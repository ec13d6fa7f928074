#include "sim_remote.hpp"

#include <utility>
#include <variant>

namespace dialog::sim {
namespace {

constexpr Scheduler::Tick kTimeout = 400;
constexpr std::size_t kHistoryPage = 1000;

template <class... Handlers>
struct Overload : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overload(Handlers...) -> Overload<Handlers...>;

}  // namespace

SimRemote::SimRemote(bool keeps_history)
    : subject_(*Subject::parse("did:web:simulation.example")), keeps_history_(keeps_history) {}

Revision SimRemote::head() {
  const auto record = register_->read(subject_, {});
  return *record ? (*record)->revision : Revision();
}

void SimRemote::wipe() { register_ = std::make_unique<MemoryRegister>(); }

Answer SimRemote::swap(const SwapHead& request) {
  const auto sequence = [&](const HeadRecord& record) {
    return keeps_history_ ? std::optional(record.sequence) : std::nullopt;
  };
  Register::Swap swap;
  swap.expected = request.expected;
  swap.desired = request.desired;
  const auto outcome = register_->swap(subject_, swap, {});
  if (!outcome) return Failed{outcome.error()};
  if (const auto* accepted = std::get_if<Register::Accepted>(&*outcome)) {
    ++swaps_accepted_;
    if (on_accepted) on_accepted(request.desired);
    return SwapAccepted{{accepted->record.revision, sequence(accepted->record)}};
  }
  const auto& actual = std::get<Register::Refused>(*outcome).actual;
  if (!actual) return SwapRefused{};
  return SwapRefused{Head{actual->revision, sequence(*actual)}};
}

Answer SimRemote::serve(const Action& request) {
  return std::visit(
      Overload{
          [&](const FetchHead&) -> Answer {
            const auto record = register_->read(subject_, {});
            if (!*record) return HeadAbsent{};
            return HeadIs{{(*record)->revision,
                           keeps_history_ ? std::optional((*record)->sequence) : std::nullopt}};
          },
          [&](const FetchHistory& ask) -> Answer {
            if (!keeps_history_) return HistoryAbsent{};
            return HistoryIs{*register_->history(subject_, ask.after, kHistoryPage, {})};
          },
          [&](const FetchBlocks& ask) -> Answer { return BlocksAre{*blocks_.get(ask.hashes)}; },
          [&](const AskPresent& ask) -> Answer { return PresenceIs{*blocks_.has(ask.hashes)}; },
          [&](const UploadBlocks& upload) -> Answer {
            if (const auto stored = blocks_.put(upload.blocks); !stored)
              return Failed{stored.error()};
            return Uploaded{};
          },
          [&](const SwapHead& ask) { return swap(ask); },
          [&](const auto&) -> Answer {
            return Failed{Error{ErrorCode::internal, "no request to a remote", {}}};
          },
      },
      request);
}

struct SimNetwork::Call {
  std::function<void(Answer)> answered;

  void finish(Answer answer) {
    if (auto function = std::exchange(answered, nullptr)) function(std::move(answer));
  }
};

Scheduler::Tick SimNetwork::delay() {
  return 1 + random_.below(random_.chance(faults.straggle, 1000) ? 3 * kTimeout : 50);
}

void SimNetwork::call(SimRemote& remote, const Action& request,
                      std::function<void(Answer)> answered) {
  ++counts_.requests;
  auto call = std::make_shared<Call>();
  call->answered = std::move(answered);
  int copies = 1;
  if (random_.chance(faults.repeat, 1000)) {
    ++counts_.repeated;
    ++copies;
  }
  for (int i = 0; i < copies; ++i) {
    if (random_.chance(faults.loss, 1000)) {
      ++counts_.lost_requests;
      continue;
    }
    scheduler_.after(delay(), [this, &remote, request, call] { deliver(remote, request, call); });
  }
  const bool is_swap = std::holds_alternative<SwapHead>(request);
  scheduler_.after(kTimeout, [this, call, is_swap] {
    if (!call->answered) return;
    ++counts_.timeouts;
    if (is_swap) {
      call->finish(SwapUnknown{});
    } else {
      call->finish(Failed{Error{ErrorCode::timeout, "injected: no answer in time", {}}});
    }
  });
}

void SimNetwork::deliver(SimRemote& remote, const Action& request,
                         const std::shared_ptr<Call>& call) {
  Answer answer = remote.serve(request);
  if (random_.chance(faults.loss, 1000)) {
    ++counts_.lost_replies;
    return;
  }
  scheduler_.after(
      delay(), [call, answer = std::move(answer)]() mutable { call->finish(std::move(answer)); });
}

}  // namespace dialog::sim
