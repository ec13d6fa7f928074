#pragma once

#include <string>
#include <string_view>

#include "dialog/base/error.hpp"
#include "dialog/remote/head.hpp"
#include "dialog/server/service.hpp"

/// The responses that handlers are made of. `Service` adds what all of them have.
namespace dialog::server {

/// 200 with a body of JSON.
Answer json_answer(std::string body);

/// 204.
Answer no_content();

/// Refuses with a JSON error. Where the status says that the fault is on this side, the message
/// stays inside, since it may name files, and becomes `Answer::fault`.
Answer error_answer(int status, const Error& error);

/// The same with the status that the error table gives. `corrupt` becomes 500: what a client sent
/// wrong is judged before it reaches a store.
Answer store_error_answer(const Error& error);

/// The same with the status that the error table gives.
Answer error_answer(const Error& error);

/// 200 with the record as JSON, its tag and its sequence number.
Answer record_answer(const HeadRecord& record, wire::EtagStyle style);

/// Adds the tag and the sequence number of a record.
void add_head_fields(Answer& answer, const HeadRecord& record, wire::EtagStyle style);

}  // namespace dialog::server
