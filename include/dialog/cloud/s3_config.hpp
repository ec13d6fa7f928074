#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "dialog/base/result.hpp"
#include "dialog/cloud/sigv4.hpp"
#include "dialog/http/repeat.hpp"

namespace dialog {

/// A place in a bucket: `s3://bucket/prefix?endpoint=URL&region=NAME&path-style=true`. A value.
class S3Location {
 public:
  /// Everything but the bucket may be left out. Without an endpoint it is Amazon's of the region;
  /// without a region, `default_region`. Path style, where the bucket is the first segment of the
  /// path, is the default where an endpoint is named or the bucket has a dot; otherwise the bucket
  /// is a part of the host's name. `invalid_argument`.
  static Result<S3Location> parse(std::string_view url,
                                  std::string_view default_region = "us-east-1");

  /// Whether a URL is meant for this class: it starts with `s3://`.
  [[nodiscard]] static bool is_meant_by(std::string_view url) { return url.starts_with("s3://"); }

  /// The URL again, with its parts in one order and without what was left out.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& bucket() const { return bucket_; }
  [[nodiscard]] const std::string& region() const { return region_; }
  /// True where requests are encrypted, or never leave this machine.
  [[nodiscard]] bool is_private() const { return private_; }

  /// The URL of an object. The name is put behind the prefix and a slash; it needs no encoding.
  [[nodiscard]] std::string object_url(std::string_view name) const;
  /// The URL of the bucket itself, with a query, which must be encoded.
  [[nodiscard]] std::string bucket_url(std::string_view query) const;
  /// The object's whole key.
  [[nodiscard]] std::string key(std::string_view name) const;

  friend bool operator==(const S3Location&, const S3Location&) = default;

 private:
  S3Location() = default;
  std::string text_;
  std::string bucket_;
  std::string prefix_;
  std::string region_;
  std::string bucket_url_;
  bool private_ = false;
};

/// Where a bucket is and how to talk to it. A value; checked when something is made of it.
struct S3Config {
  S3Location location;
  AwsCredentials credentials;
  /// How long one request may take, its repetitions included.
  std::chrono::milliseconds timeout{30'000};
  RetryPolicy retry;
  /// Talks plain HTTP to other machines, too: what is stored can be read on the way, and answers
  /// can be forged.
  bool allow_plain_http = false;
};

}  // namespace dialog
