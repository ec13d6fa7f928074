#include <algorithm>
#include <charconv>
#include <memory>

#include "commands.hpp"
#include "dialog/identity/capability.hpp"
#include "link_options.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

using std::chrono::seconds;

// A reader whose clock is behind takes it, too.
constexpr seconds kLeeway{60};

struct DelegateOptions {
  std::string to;
  std::string access = "write";
  std::string expires;
  std::string key_file;
  std::string parent_file;
  std::string out;
};

seconds now() { return std::chrono::duration_cast<seconds>(system_clock().wall()); }

// As in 90m, 12h or 30d.
Result<seconds> parse_span(const std::string& text) {
  const std::string digits = text.substr(0, text.empty() ? 0 : text.size() - 1);
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const std::string_view units = "mhd";
  const std::size_t unit = text.empty() ? std::string_view::npos : units.find(text.back());
  if (error != std::errc{} || end != digits.data() + digits.size() || count == 0 ||
      unit == std::string_view::npos) {
    return fail(ErrorCode::invalid_argument,
                "--expires takes a span such as 90m, 12h or 30d, not \"" + text + "\"");
  }
  constexpr std::int64_t kSeconds[] = {60, 3600, 86400};
  return seconds(std::int64_t{count} * kSeconds[unit]);
}

Result<PublicKey> parse_audience(const std::string& text) {
  DIALOG_ASSIGN(const Did did, Did::parse(text));
  const auto key = did.key();
  if (!key) {
    return fail(ErrorCode::invalid_argument,
                "--to takes the did:key of an Ed25519 key ('dialogdb key show' tells it)");
  }
  return *key;
}

Result<Capability> make(Program& program, const DelegateOptions& options) {
  DIALOG_ASSIGN(const PublicKey audience, parse_audience(options.to));
  DIALOG_ASSIGN(const seconds span, parse_span(options.expires));
  Grant grant{audience, options.access == "read" ? CapabilityAccess::read : CapabilityAccess::write,
              now() - kLeeway, now() + span, grant_nonce()};
  if (span > Capability::kLifeMax - kLeeway) {
    return fail(ErrorCode::invalid_argument,
                "a capability lasts less than 400 days; hand out another one later");
  }
  DIALOG_ASSIGN(const SecretKey key, signing_key(program, options.key_file));
  if (options.parent_file.empty()) return Capability::issue(key, grant);
  DIALOG_ASSIGN(const std::string text, read_small_file(program.resolve(options.parent_file)));
  DIALOG_ASSIGN(const Capability parent, Capability::from_text(text));
  grant.not_before = std::max(grant.not_before, parent.not_before());
  return parent.hand_on(key, grant);
}

Json capability_document(const Capability& capability) {
  return Json{{"id", capability.id().hex()},
              {"subject", capability.subject().text()},
              {"audience", Did::of(capability.audience()).text()},
              {"access", to_string(capability.access())},
              {"expires", readable_time(capability.expires())},
              {"links", capability.grants().size()}};
}

Result<void> delegate(Program& program, const DelegateOptions& options) {
  DIALOG_ASSIGN(const Capability capability, make(program, options));
  Output& output = program.output();
  Json document = capability_document(capability);
  if (options.out == "-") {
    document["capability"] = capability.text();
    if (!output.json()) output.line(capability.text());
  } else {
    DIALOG_ASSIGN(const auto sink, FileSink::create(program.resolve(options.out)));
    DIALOG_TRY(sink->write(capability.text() + "\n"));
    DIALOG_TRY(sink->finish());
    document["file"] = options.out;
    if (!output.json()) output.line(capability.id().hex());
  }
  if (output.json()) output.document(document);
  return {};
}

}  // namespace

void add_delegate(Verb app, Program& program) {
  auto options = std::make_shared<DelegateOptions>();
  const Verb verb = app.verb(
      "delegate", "Let another key read or write this database at servers that take signatures",
      {"dialogdb delegate --to did:key:z6Mk... --access read --expires 30d --out reader.cap",
       "dialogdb delegate --to did:key:z6Mk... --capability mine.cap --expires 12h --out "
       "theirs.cap"});
  verb.option("--to", options->to, "The did:key of the key that gets the right")
      .required()
      .type("DID");
  verb.option("--access", options->access, "read, or write, which also reads")
      .one_of({"read", "write"})
      .show_default()
      .type("ACCESS");
  verb.option("--expires", options->expires, "For how long, such as 90m, 12h or 30d")
      .required()
      .type("SPAN");
  verb.option("--key", options->key_file, "The key that signs; by default the repository's")
      .type("FILE");
  verb.option("--capability", options->parent_file,
              "Hand on what was given to that key, at most as wide and as long as it is")
      .type("FILE");
  verb.option("--out", options->out, "The file for the capability; '-' shows it")
      .required()
      .type("FILE");
  program.on(verb, [options](Program& running) { return delegate(running, *options); });
}

}  // namespace dialog::cli
