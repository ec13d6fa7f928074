#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dialog/base/result.hpp"
#include "dialog/server/tokens.hpp"

namespace dialog::cli {

/// A server's token file while it is changed. Who else changes it waits meanwhile. Who reads it
/// sees it as it was or as it is afterwards; links to it, its owner and its mode are kept.
class TokenFile final {
 public:
  /// Makes the file, readable by its owner alone, where there is none; it goes again where nothing
  /// is added to it. `malformed` where a server
  /// would refuse it; `storage_failed`, `storage_full`.
  static Result<std::unique_ptr<TokenFile>> open(const std::string& path);
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;
  ~TokenFile();

  [[nodiscard]] bool has_token(std::string_view name) const;
  /// Durable on return. After an error the file is as it was. `storage_failed`, `storage_full`.
  Result<void> append(const std::string& line);
  /// Removes the token's line, and leaves all others as they are. `not_found`; otherwise as
  /// `append`. The last change of this object.
  Result<void> remove(std::string_view name);

 private:
  TokenFile(std::string path, int descriptor, bool is_new)
      : path_(std::move(path)), descriptor_(descriptor), is_new_(is_new) {}
  Result<void> read();
  Result<void> write(std::string_view text) const;
  Result<void> replace(std::string_view content) const;

  std::string path_;
  int descriptor_;
  bool is_new_;
  bool is_locked_ = false;
  std::string content_;
  server::TokenSet tokens_;
};

}  // namespace dialog::cli
