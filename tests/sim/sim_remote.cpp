#include "sim_remote.hpp"

#include <utility>
#include <variant>

#include "dialog/tree/block_ref.hpp"
#include "dialog/tree/node.hpp"
#include "dialog/tree/value.hpp"

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

std::uint64_t SimRemote::sequence() {
  const auto record = register_->read(subject_, {});
  return *record ? (*record)->sequence : 0;
}

void SimRemote::wipe() { roll_back(0); }

void SimRemote::roll_back(std::uint64_t sequence) {
  condition_ = sequence == 0 ? Condition::wiped : Condition::rolled_back;
  aside_ = std::exchange(register_, std::make_unique<MemoryRegister>());
  const auto history = aside_->history(subject_, 0, static_cast<std::size_t>(sequence), {});
  for (const HeadRecord& record : history->records) {
    const auto copied =
        register_->swap(subject_, {record.previous, record.revision, record.time, {}, false}, {});
    if (!copied) note("the register cannot be copied");
  }
}

void SimRemote::poison(const Block& root) {
  condition_ = Condition::poisoned;
  before_poison_ = head();
  const auto stored = blocks_.put({&root, 1});
  const auto swapped = register_->swap(
      subject_, {before_poison_, Revision(root.hash()), WallTime{0}, {}, false}, {});
  if (!stored || !swapped) note("the register cannot be poisoned");
}

void SimRemote::restore() {
  if (condition_ == Condition::poisoned) {
    const auto swapped =
        register_->swap(subject_, {head(), before_poison_, WallTime{0}, {}, false}, {});
    if (!swapped) note("the register cannot be cured");
  } else if (condition_ != Condition::sound) {
    register_ = std::exchange(aside_, nullptr);
  }
  condition_ = Condition::sound;
}

bool SimRemote::has(const Hash& hash) { return blocks_.has({&hash, 1})->front(); }

// Whatever is cut off, no block may be here before what it refers to.
void SimRemote::check_upload(const std::vector<Block>& blocks) {
  for (const Block& block : blocks) {
    if (has(block.hash())) ++uploads_in_vain_;
    const auto node = Node::parse(block);
    if (!node) continue;
    for (const BlockRef& ref : refs_of(**node)) {
      if (!has(ref.hash)) return note("a node arrived before what it refers to");
      if (ref.kind != BlockKind::value_index) continue;
      const auto chunks = parse_value_index(**blocks_.get_one(ref.hash), ref.size.bytes);
      if (!chunks) return note("a node arrived with a value that is none");
      for (const Hash& chunk : *chunks)
        if (!has(chunk)) return note("a node arrived before a value's chunks");
    }
  }
}

void SimRemote::note(std::string fault) {
  if (fault_.empty()) fault_ = "remote: " + std::move(fault);
}

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
    if (condition_ != Condition::sound) note("somebody published over a head that was not good");
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
            check_upload(upload.blocks);
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
