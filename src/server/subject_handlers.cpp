#include "dialog/http/subject_messages.hpp"
#include "handlers.hpp"
#include "watchers.hpp"

namespace dialog::server {
namespace {

// Not every store can do all of this. That is no failure: the request asks for too much.
Answer subject_error_answer(const Error& error) {
  return error.code == ErrorCode::unsupported ? error_answer(error) : store_error_answer(error);
}

}  // namespace

Answer get_subjects(const Task& task) {
  const auto query = wire::parse_subjects_query(task.route.query);
  if (!query) return error_answer(query.error());
  const auto page = task.store.list(query->after, query->limit, task.context);
  if (!page) return subject_error_answer(page.error());
  return json_answer(wire::print_subjects(*page));
}

Answer delete_subject(const Task& task) {
  const auto removed = task.store.remove(task.subject(), task.context);
  if (!removed) return subject_error_answer(removed.error());
  // Whoever watches is told that it began anew.
  task.watchers.tell_changed(task.subject());
  if (*removed) return no_content();
  return error_answer({ErrorCode::not_found, "nothing is kept under " + task.subject().did(), {}});
}

Answer get_usage(const Task& task) {
  const auto usage = task.store.usage(task.subject(), task.context);
  if (!usage) return subject_error_answer(usage.error());
  const auto quota = task.store.quota(task.subject(), task.context);
  if (!quota) return subject_error_answer(quota.error());
  return json_answer(wire::print_usage({*usage, *quota}));
}

Answer put_quota(const Task& task) {
  const auto quota = wire::parse_quota(task.request.body);
  if (!quota) return error_answer(quota.error());
  const auto set = task.store.set_quota(task.subject(), *quota, task.context);
  return set ? no_content() : subject_error_answer(set.error());
}

Answer delete_quota(const Task& task) {
  const auto set = task.store.set_quota(task.subject(), std::nullopt, task.context);
  return set ? no_content() : subject_error_answer(set.error());
}

}  // namespace dialog::server
