// A token file that is accepted prints and parses to the same tokens.
#include "dialog/server/tokens.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tokens = server::TokenSet::parse(fuzz::view_of(data, size));
  if (!tokens) return 0;
  std::string text;
  for (const server::Token& token : tokens->tokens()) text += server::token_line(token) + "\n";
  const auto again = server::TokenSet::parse(text);
  fuzz::require(again && again->size() == tokens->size(), "tokens survive printing");
  return 0;
}
