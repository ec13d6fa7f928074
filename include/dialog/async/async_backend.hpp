#pragma once

#include <future>
#include <memory>
#include <optional>

#include "dialog/async/executor.hpp"
#include "dialog/remote/revision_backend.hpp"

namespace dialog {

/// Any backend, its calls run on an executor. Thread-safe; cheap to copy: copies share the backend
/// and its cache, while `clone` gives one with a cache of its own.
///
/// Every future gets a value, also after this object is gone: where the executor has no room, an
/// error with the code `resource_exhausted`, and where it drops the call, `cancelled`; then nothing
/// was sent. To give a call up, fire the token of its context, or let its deadline pass; the future
/// tells how far it came. A future may be thrown away: the call goes on without it.
class AsyncBackend {
 public:
  AsyncBackend(std::unique_ptr<RevisionBackend> backend, std::shared_ptr<Executor> executor);

  /// At once: this does no I/O.
  [[nodiscard]] RemoteResult<std::optional<Revision>> revision(const Subject& subject) const;

  [[nodiscard]] std::future<RemoteResult<Revision>> fetch(const Subject& subject,
                                                          const Context& context = {});
  [[nodiscard]] std::future<RemoteResult<Head>> fetch_head(const Subject& subject,
                                                           const Context& context = {});
  [[nodiscard]] std::future<RemoteResult<void>> swap(const Subject& subject,
                                                     const Revision& expected,
                                                     const Revision& desired,
                                                     const Context& context = {});
  [[nodiscard]] std::future<RemoteResult<Head>> swap_head(const Subject& subject,
                                                          const Revision& expected,
                                                          const Revision& desired,
                                                          const Context& context = {});
  [[nodiscard]] std::future<RemoteResult<std::optional<HeadHistory>>> history(
      const Subject& subject, std::uint64_t after, const Context& context = {});

  [[nodiscard]] AsyncBackend clone() const { return {backend_->clone(), executor_}; }

 private:
  std::shared_ptr<RevisionBackend> backend_;
  std::shared_ptr<Executor> executor_;
};

}  // namespace dialog
