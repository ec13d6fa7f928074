#include "trial/served_program.hpp"

#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

#include "dialog/base/check.hpp"

namespace dialog::test {

ServedProgram::ServedProgram(std::string folder, std::vector<std::string> options)
    : folder_(std::move(folder)), options_(std::move(options)) {
  start();
}

void ServedProgram::start() {
  std::vector<std::string> words{DIALOGDB,   "serve",    "--json",
                                 "--no-log", "--listen", "127.0.0.1:" + std::to_string(port_),
                                 "--data",   folder_};
  words.insert(words.end(), options_.begin(), options_.end());
  child_.emplace(std::move(words));
  const auto announced = child_->line();
  DIALOG_CHECK(announced.has_value(), "the server did not start");
  port_ = nlohmann::json::parse(*announced).at("port").get<std::uint16_t>();
}

void ServedProgram::stop() const { child_->signal(SIGSTOP); }
void ServedProgram::go_on() const { child_->signal(SIGCONT); }

std::chrono::milliseconds ServedProgram::restart() {
  child_->kill();
  child_.reset();
  const auto before = std::chrono::steady_clock::now();
  start();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               before);
}

}  // namespace dialog::test
