#include "dialog/cloud/s3_archives.hpp"

#include <functional>
#include <utility>
#include <vector>

#include "s3_caller.hpp"
#include "s3_list.hpp"

namespace dialog {
namespace {

using Objects = std::vector<detail::S3Objects::Object>;

/// Hands all blocks of a subject on, page by page. Objects of other names are none.
Result<void> for_each_page(const detail::S3Caller& caller, const Hash& id, const Context& context,
                           const std::function<Result<void>(const Objects&)>& take) {
  const std::string folder = detail::blocks_folder(id);
  std::string after;
  while (true) {
    DIALOG_ASSIGN(auto page,
                  detail::list_objects(caller, folder, after, detail::kS3ListMax, context));
    if (!page.objects.empty()) after = page.objects.back().name;
    std::erase_if(page.objects, [&](const auto& object) {
      return !Hash::from_hex(std::string_view(object.name).substr(folder.size()));
    });
    DIALOG_TRY(take(page.objects));
    if (page.complete) return {};
  }
}

}  // namespace

Result<std::unique_ptr<S3Archives>> S3Archives::create(S3Config config, HttpTransport transport,
                                                       ParallelFor parallel_for) {
  DIALOG_ASSIGN(auto caller, detail::S3Caller::create(std::move(config), std::move(transport)));
  return std::unique_ptr<S3Archives>(new S3Archives(std::move(caller), std::move(parallel_for)));
}

std::shared_ptr<Archive> S3Archives::archive_for(const Subject& subject) {
  return std::shared_ptr<Archive>(new S3Archive(caller_, subject, parallel_for_));
}

Result<bool> S3Archives::any(const Subject& subject, const Context& context) {
  DIALOG_ASSIGN(const auto page, detail::list_objects(*caller_, detail::blocks_folder(subject.id()),
                                                      {}, 1, context));
  return !page.objects.empty();
}

Result<void> S3Archives::remove(const Subject& subject, const Context& context) {
  return for_each_page(*caller_, subject.id(), context, [&](const Objects& blocks) {
    return for_each_number(parallel_for_, blocks.size(),
                           [&](std::size_t i) { return remove_object(blocks[i].name, context); });
  });
}

Result<void> S3Archives::remove_object(const std::string& name, const Context& context) const {
  const auto response =
      caller_->send({"DELETE", name, {}, {}}, detail::kS3AnswerBytesMax, caller_->bounded(context));
  if (!response) return fail(caller_->refusal(response.error()));
  // A repetition may meet what the attempt before it has done.
  const bool gone = response->status == 204 || response->status == 200 ||
                    detail::s3_code(*response) == "NoSuchKey";
  return gone ? Result<void>() : fail(caller_->refusal(*response));
}

Result<Usage> S3Archives::usage(const Subject& subject, const Context& context) {
  return count(subject.id(), context);
}

Result<Usage> S3Archives::count(const Hash& id, const Context& context) const {
  Usage sum;
  DIALOG_TRY(for_each_page(*caller_, id, context, [&](const Objects& blocks) {
    sum.blocks += blocks.size();
    for (const auto& block : blocks) sum.bytes += block.bytes;
    return Result<void>();
  }));
  return sum;
}

Result<SharedArchives::Page> S3Archives::list(const std::optional<Hash>& after, std::size_t limit,
                                              const Context& context) {
  Page page;
  std::optional<Hash> from = after;
  do {
    DIALOG_ASSIGN(const auto subjects, detail::list_subjects(*caller_, from, limit, context));
    if (!subjects.ids.empty()) from = subjects.ids.back();
    page.complete = subjects.complete;
    std::vector<Usage> usages(subjects.ids.size());
    DIALOG_TRY(for_each_number(parallel_for_, usages.size(), [&](std::size_t i) -> Result<void> {
      DIALOG_ASSIGN(usages[i], count(subjects.ids[i], context));
      return {};
    }));
    for (std::size_t i = 0; i < usages.size(); ++i) {
      if (usages[i] != Usage{}) page.entries.push_back({subjects.ids[i], {}, usages[i], {}});
    }
  } while (page.entries.empty() && !page.complete);
  return page;
}

}  // namespace dialog
