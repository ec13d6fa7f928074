#pragma once

#include <optional>

#include "dialog/http/json.hpp"
#include "dialog/remote/head.hpp"

namespace dialog::wire {

/// A record as messages hold it.
json::Value record_value(const HeadRecord& record);
std::optional<HeadRecord> read_record(const json::Value& value);

}  // namespace dialog::wire
