#pragma once

#include <functional>
#include <optional>
#include <span>

#include "answers.hpp"
#include "credentials.hpp"
#include "dialog/base/context.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/service.hpp"
#include "route.hpp"

/// One function per method and resource. Route, credentials and the size of the body were judged
/// before.
namespace dialog::server {

/// What a handler works with. Everything outlives the call.
struct Task {
  const HttpRequest& request;
  const Route& route;
  const ServiceConfig& config;
  ServerStore& store;
  Context context;
  const Visitor& visitor;
  Clock& clock;
  Metrics& metrics;
  bool draining;
  Watchers& watchers;

  [[nodiscard]] const Subject& subject() const { return *route.subject; }
};

/// What the head of `PUT /{did}` asks for.
struct Precondition {
  bool must_create = false;
  Revision expected;  ///< zeros with `must_create`
};
/// An answer where the head of the request is not right: 428 or 400.
Result<Precondition, Answer> parse_precondition(const HttpRequest& head);

/// A 400 where the content type is not the one that the resource takes.
std::optional<Answer> judge_media_type(const HttpRequest& head, std::string_view expected);

Answer get_capabilities(const Task& task);
Answer get_description(const Task& task);
Answer get_health(const Task& task);
Answer get_readiness(const Task& task);
Answer get_metrics(const Task& task);
Answer get_head(const Task& task);
Answer put_head(const Task& task);
/// The two halves of `put_head`: what is asked for, or an answer where that is not right; and what
/// came of it.
Result<Register::Swap, Answer> read_swap(const Task& task);
Answer swap_answer(const Task& task, const Register::Swap& swap,
                   const Result<Register::SwapOutcome>& outcome);
Answer get_log(const Task& task);
/// `may_go_on` says whether the client may still be told.
Answer get_watch(const Task& task, std::function<bool()> may_go_on);

Answer get_subjects(const Task& task);
Answer delete_subject(const Task& task);
Answer get_usage(const Task& task);
Answer put_quota(const Task& task);
Answer delete_quota(const Task& task);
/// Of `POST /{did}/revocations`; longer bodies are no such.
inline constexpr std::size_t kRevokeBodyBytesMax = 4096;
Answer get_revocations(const Task& task);
Answer post_revocation(const Task& task);

void count_stored(const Task& task, std::span<const Block> blocks);
Answer get_block(const Task& task);
Answer put_block(const Task& task);
/// The two halves of `put_block`.
Result<Block, Answer> read_block(const Task& task);
Answer stored_answer(const Result<void>& stored);
Answer get_blocks(const Task& task);
Answer put_blocks(const Task& task);
Answer has_blocks(const Task& task);

}  // namespace dialog::server
