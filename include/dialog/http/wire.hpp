#pragma once

#include <string_view>

#include "dialog/http/block_frames.hpp"
#include "dialog/http/etag.hpp"
#include "dialog/http/limits.hpp"
#include "dialog/http/register_messages.hpp"
#include "dialog/http/url.hpp"
#include "dialog/http/watch_messages.hpp"

/// What travels between clients and servers, byte by byte; `docs/protocol` describes it.
namespace dialog::wire {

inline constexpr std::string_view kJsonMediaType = "application/json";
/// Frames, hashes and presence bytes.
inline constexpr std::string_view kBlocksMediaType = "application/vnd.dialog.blocks";
/// One single block.
inline constexpr std::string_view kBlockMediaType = "application/octet-stream";

/// Of every answer about a subject whose sequence number is known: how many swaps were accepted so
/// far.
inline constexpr std::string_view kSequenceHeader = "Dialog-Sequence";
/// Of a refusal that has no body, because the request was a HEAD: what the body would be.
inline constexpr std::string_view kErrorHeader = "Dialog-Error";

/// True where a `Content-Type` names this media type, whatever its parameters.
bool is_media_type(std::string_view content_type, std::string_view media_type);

}  // namespace dialog::wire
