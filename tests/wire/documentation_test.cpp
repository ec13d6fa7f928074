#include <array>
#include <cstdio>
#include <fstream>
#include <sys/wait.h>

#include "served_fixture.hpp"

namespace dialog::test {
namespace {

struct Section {
  std::string title;
  std::string commands;               // the block of sh
  std::vector<std::string> expected;  // the lines of the block of text
};

// The sections under one heading of the second level, each with its commands and what they print.
std::vector<Section> read_sections(const std::string& path, const std::string& heading) {
  std::ifstream file(path);
  std::vector<Section> sections;
  bool inside = false;
  std::string block;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == heading;
    if (!inside) continue;
    if (line.starts_with("### ")) {
      sections.push_back({line.substr(4), "", {}});
    } else if (line.starts_with("```")) {
      block = line.substr(3);
    } else if (block == "sh") {
      sections.back().commands += line + "\n";
    } else if (block == "text") {
      sections.back().expected.push_back(line);
    }
  }
  return sections;
}

std::string run(const std::string& script) {
  std::FILE* pipe = popen(("exec 2>&1\n" + script).c_str(), "r");
  std::string output;
  std::array<char, 4096> bytes;
  for (std::size_t got; (got = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
    output.append(bytes.data(), got);
  }
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), 0) << script << output;
  std::erase(output, '\r');
  return output;
}

class Documentation : public ServedTest {
 protected:
  // Runs the commands under one heading, the first section before each of the others.
  void check(const std::string& path, const std::string& heading, std::size_t sections_min) {
    auto sections = read_sections(path, heading);
    ASSERT_GE(sections.size(), sections_min);
    std::string set_up = "set -eu\nexport no_proxy='*'\nTOKEN=sesame\n" + sections.front().commands;
    const std::string documented = "http://127.0.0.1:8440";
    ASSERT_NE(set_up.find(documented), std::string::npos);
    set_up.replace(set_up.find(documented), documented.size(),
                   "http://127.0.0.1:" + std::to_string(port()));
    sections.erase(sections.begin());
    for (const Section& section : sections) {
      const std::string output = run(set_up + section.commands);
      EXPECT_FALSE(section.expected.empty()) << section.title;
      std::size_t from = 0;
      for (const std::string& line : section.expected) {
        const std::size_t at = output.find(line, from);
        EXPECT_NE(at, std::string::npos) << section.title << ": " << line << "\n" << output;
        if (at != std::string::npos) from = at + line.size();
      }
    }
  }
};

TEST_F(Documentation, shows_every_operation_with_curl) {
  serve();
  const auto tokens =
      server::TokenSet::parse(R"({"name":"laptop","hash":"blake3:)" + Hash::of("sesame").hex() +
                              R"(","subjects":"all","access":"write"})");
  service_->set_tokens(std::make_shared<const server::TokenSet>(*tokens));
  check(DIALOG_OPERATIONS_DOCUMENT, "## Every operation with curl", 13);
}

TEST_F(Documentation, shows_the_register_in_the_readme) {
  serve();
  check(DIALOG_README, "## The register by hand", 6);
}

TEST_F(Documentation, shows_token_files_that_can_be_read) {
  std::ifstream file(DIALOG_OPERATIONS_DOCUMENT);
  std::string lines;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(R"({"name")")) lines += line + "\n";
  }
  const auto tokens = server::TokenSet::parse(lines);
  ASSERT_TRUE(tokens.has_value()) << tokens.error().message;
  EXPECT_EQ(tokens->size(), 2U);
}

}  // namespace
}  // namespace dialog::test
