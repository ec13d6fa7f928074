#pragma once

#include <memory>

#include "dialog/cloud/etcd_config.hpp"
#include "dialog/http/http_transport.hpp"
#include "dialog/remote/shared_register.hpp"

namespace dialog {

/// A register in a cluster of etcd 3.4 or newer, reached through its JSON gateway; laid out as
/// `docs/format/etcd.md` says. As many objects, processes and machines as like may share it.
/// Thread-safe.
///
/// Reads are linearizable and take one round trip. A swap takes one where this object's latest look
/// at the subject still holds, and also where nothing was published yet; otherwise two. What is
/// accepted is on the disks of a majority of the members.
///
/// Members that do not answer are passed over, and everything is repeated elsewhere, swaps too: a
/// swap names the very record that it replaces, so it takes effect at most once however often it
/// arrives. Beyond the errors of `Register`: `indeterminate` where a swap was sent and no member
/// said in time what became of it: it may have happened, or happen yet. `unavailable` and `timeout`
/// where no majority stands; `unauthorized`; `storage_full` where etcd has reached its quota;
/// `not_a_remote`, `unsupported` where what answers is no such etcd; `corrupt` where its keys hold
/// something else. The context ends a swap, too.
class EtcdRegister final : public SharedRegister {
 public:
  /// No I/O. `invalid_argument` where the options are wrong, or credentials would travel in the
  /// clear. The client must know the TLS files that the address names.
  static Result<std::unique_ptr<EtcdRegister>> create(EtcdAddress address, EtcdOptions options,
                                                      HttpTransport transport);
  ~EtcdRegister() override;

  /// Asks the cluster for a conditional change that must be refused. Succeeds where the cluster
  /// has a majority, honours conditions and grants the right to write; changes nothing. One round
  /// trip.
  Result<void> probe(const Context& context);

  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override;
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override;
  /// A round trip for each 128 records, and one more where the subject was removed since this
  /// object looked at it.
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override;
  Result<bool> begin_removal(const Subject& subject, bool unpublished_too,
                             const Context& context) override;
  Result<void> end_removal(const Subject& subject, const Context& context) override;
  /// A round trip for each 128 subjects, removed ones among them.
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override;

 private:
  class State;
  explicit EtcdRegister(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
