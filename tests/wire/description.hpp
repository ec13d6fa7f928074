#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "dialog/http/message.hpp"

namespace dialog::test {

/// docs/protocol/openapi.json, and what an exchange has that it does not say.
class Description {
 public:
  Description();

  [[nodiscard]] const nlohmann::json& document() const { return document_; }

  /// What is wrong with an exchange of a server with this path prefix: a path or status that is not
  /// described, a missing or wrong field of the head, a body that is not of its schema. Empty where
  /// nothing is.
  [[nodiscard]] std::string fault_of(const HttpRequest& request, const HttpResponse& response,
                                     std::string_view path_prefix) const;

  /// The node that a `$ref` at its top refers to, however often; itself where there is none.
  [[nodiscard]] const nlohmann::json& resolved(const nlohmann::json& node) const;

 private:
  [[nodiscard]] std::string fault_of_answer(const nlohmann::json& described,
                                            const HttpRequest& request,
                                            const HttpResponse& response) const;
  [[nodiscard]] std::string fault_of_body(const nlohmann::json& described,
                                          const HttpResponse& response) const;
  [[nodiscard]] std::string fault_of_value(const nlohmann::json& schema,
                                           const nlohmann::json& value,
                                           const std::string& where) const;
  nlohmann::json document_;
};

/// The one of this program.
const Description& description();

}  // namespace dialog::test
