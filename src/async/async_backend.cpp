#include "dialog/async/async_backend.hpp"

#include <utility>

#include "dialog/base/check.hpp"

namespace dialog {
namespace {

RevisionBackendError fetch_error(const Subject& subject, Error error) {
  return {FetchFailed{subject, std::move(error.message)}, error.code};
}

// Only for calls that did not leave this process.
RevisionBackendError publish_error(const Subject& subject, Error error) {
  return {PublishFailed{subject, std::move(error.message), false}, error.code};
}

/// The promise of one call. Where the call is destroyed without having been run, it is answered
/// for.
template <class T>
class Call {
 public:
  using ErrorOf = RevisionBackendError (*)(const Subject&, Error);

  Call(Subject subject, ErrorOf error_of) : subject_(std::move(subject)), error_of_(error_of) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (!answered_) refuse(Error{ErrorCode::cancelled, "the executor dropped the call", {}});
  }

  std::future<RemoteResult<T>> future() { return promise_.get_future(); }
  void answer(RemoteResult<T> result) {
    answered_ = true;
    promise_.set_value(std::move(result));
  }
  void refuse(Error error) { answer(fail(error_of_(subject_, std::move(error)))); }

 private:
  Subject subject_;
  ErrorOf error_of_;
  std::promise<RemoteResult<T>> promise_;
  bool answered_ = false;
};

template <class T, class Body>
std::future<RemoteResult<T>> run(Executor& executor, const Subject& subject,
                                 typename Call<T>::ErrorOf error_of, Body body) {
  auto call = std::make_shared<Call<T>>(subject, error_of);
  auto future = call->future();
  // The task alone holds the call afterwards, so that dropping it answers the future.
  auto accepted = executor.execute([call, body = std::move(body)] { call->answer(body()); });
  if (!accepted) call->refuse(std::move(accepted).error());
  return future;
}

}  // namespace

AsyncBackend::AsyncBackend(std::unique_ptr<RevisionBackend> backend,
                           std::shared_ptr<Executor> executor)
    : backend_(std::move(backend)), executor_(std::move(executor)) {
  DIALOG_CHECK(backend_ && executor_, "an asynchronous backend without its parts");
}

RemoteResult<std::optional<Revision>> AsyncBackend::revision(const Subject& subject) const {
  return backend_->revision(subject);
}

std::future<RemoteResult<Revision>> AsyncBackend::fetch(const Subject& subject,
                                                        const Context& context) {
  return run<Revision>(*executor_, subject, fetch_error, [backend = backend_, subject, context] {
    return backend->fetch(subject, context);
  });
}

std::future<RemoteResult<Head>> AsyncBackend::fetch_head(const Subject& subject,
                                                         const Context& context) {
  return run<Head>(*executor_, subject, fetch_error, [backend = backend_, subject, context] {
    return backend->fetch_head(subject, context);
  });
}

std::future<RemoteResult<void>> AsyncBackend::swap(const Subject& subject, const Revision& expected,
                                                   const Revision& desired,
                                                   const Context& context) {
  return run<void>(*executor_, subject, publish_error,
                   [backend = backend_, subject, expected, desired, context] {
                     return backend->swap(subject, expected, desired, context);
                   });
}

std::future<RemoteResult<Head>> AsyncBackend::swap_head(const Subject& subject,
                                                        const Revision& expected,
                                                        const Revision& desired,
                                                        const Context& context) {
  return run<Head>(*executor_, subject, publish_error,
                   [backend = backend_, subject, expected, desired, context] {
                     return backend->swap_head(subject, expected, desired, context);
                   });
}

std::future<RemoteResult<std::optional<HeadHistory>>> AsyncBackend::history(
    const Subject& subject, std::uint64_t after, const Context& context) {
  return run<std::optional<HeadHistory>>(*executor_, subject, fetch_error,
                                         [backend = backend_, subject, after, context] {
                                           return backend->history(subject, after, context);
                                         });
}

}  // namespace dialog
