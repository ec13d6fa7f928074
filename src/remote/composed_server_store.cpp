#include "dialog/remote/composed_server_store.hpp"

#include <algorithm>
#include <utility>

namespace dialog {
namespace {

/// Up to which id a page tells all; absent: to the end.
template <class Page>
std::optional<Hash> end_of(const Page& page) {
  return page.complete || page.entries.empty() ? std::nullopt
                                               : std::optional<Hash>(page.entries.back().id);
}

std::optional<Hash> earlier(const std::optional<Hash>& a, const std::optional<Hash>& b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// What heads and archives tell of the same stretch of ids, as one page.
ServerStore::Page merge(SharedRegister::Page heads, SharedArchives::Page archives,
                        std::size_t limit) {
  ServerStore::Page page;
  const std::optional<Hash> end = earlier(end_of(heads), end_of(archives));
  page.complete = !end;
  auto head = heads.entries.begin();
  auto kept = archives.entries.begin();
  while (head != heads.entries.end() || kept != archives.entries.end()) {
    const bool has_head =
        head != heads.entries.end() && (kept == archives.entries.end() || head->id <= kept->id);
    const bool is_kept =
        kept != archives.entries.end() && (head == heads.entries.end() || kept->id <= head->id);
    const Hash id = has_head ? head->id : kept->id;
    if (end && id > *end) break;
    if (page.entries.size() == limit) {
      page.complete = false;
      break;
    }
    ServerStore::Entry entry{id, {}, std::nullopt, {}, std::nullopt};
    if (is_kept) {
      entry = {id, std::move(kept->did), std::nullopt, kept->usage, kept->quota};
      ++kept;
    }
    if (has_head) {
      entry.did = std::move(head->did);
      entry.head = std::move(head->head);
      ++head;
    }
    page.entries.push_back(std::move(entry));
  }
  return page;
}

tl::unexpected<Error> no_quotas() {
  return fail(ErrorCode::unsupported, "where this server keeps blocks there are no quotas");
}

}  // namespace

Error being_removed(const Subject& subject) {
  return {ErrorCode::unavailable,
          subject.did() +
              " is being removed; where nobody is at it any more, removing it again ends that",
          {}};
}

Result<void> SharedArchives::set_default_quota(const Quota& quota) {
  if (quota == Quota{}) return {};
  return no_quotas();
}

Result<void> SharedArchives::set_quota(const Subject&, const std::optional<Quota>&,
                                       const Context&) {
  return no_quotas();
}

Result<Quota> SharedArchives::quota(const Subject&, const Context&) { return Quota{}; }

Result<bool> ComposedServerStore::remove(const Subject& subject, const Context& context) {
  DIALOG_ASSIGN(const bool kept, parts_.archives->any(subject, context));
  DIALOG_ASSIGN(const bool begun, parts_.heads->begin_removal(subject, kept, context));
  if (!begun) return false;
  DIALOG_TRY(parts_.archives->remove(subject, context));
  DIALOG_TRY(parts_.heads->end_removal(subject, context));
  return true;
}

Result<ServerStore::Page> ComposedServerStore::list(const std::optional<Hash>& after,
                                                    std::size_t limit, const Context& context) {
  DIALOG_ASSIGN(auto heads, parts_.heads->list(after, limit, context));
  DIALOG_ASSIGN(auto archives, parts_.archives->list(after, limit, context));
  return merge(std::move(heads), std::move(archives), limit);
}

}  // namespace dialog
