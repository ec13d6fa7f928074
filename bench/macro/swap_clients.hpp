#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "load.hpp"

namespace dialog::bench {

/// The did:key that a number stands for.
std::string did_of(int number);

/// Changes one subject by compare-and-swap again and again, each time to a revision that nobody
/// else proposes, and each in one round trip. Begins by expecting zeros; what it is told to be
/// there when it loses is what it expects next.
class SwapClient : public LoadClient {
 public:
  /// `number` tells apart whoever changes anything in one run of the program.
  SwapClient(std::string did, std::uint64_t number);
  std::string_view next() final;
  Reply take(std::string_view received) final;

 protected:
  struct Outcome {
    std::size_t bytes = 0;  ///< 0 while the answer is incomplete
    bool swapped = false;
    std::string_view actual;  ///< the revision that is there, where it did not
  };
  virtual void encode(std::string& out) const = 0;
  virtual Outcome decode(std::string_view received) = 0;

  [[nodiscard]] const std::string& did() const { return did_; }
  [[nodiscard]] const std::string& expected() const { return expected_; }
  [[nodiscard]] const std::string& desired() const { return desired_; }

 private:
  std::string did_;
  std::uint64_t count_;
  std::string expected_;
  std::string desired_;
  std::string request_;
};

/// `PUT /{did}` with `If-Match`.
std::unique_ptr<SwapClient> make_http_swap(std::string did, std::uint64_t number);
/// A Lua script that each connection loads and then calls by its hash.
std::unique_ptr<SwapClient> make_redis_swap(std::string did, std::uint64_t number);
/// A transaction through the JSON gateway.
std::unique_ptr<SwapClient> make_etcd_swap(std::string did, std::uint64_t number);
/// A prepared UPDATE of `register(did, revision)` that asks for the expected revision. The row must
/// be there.
std::unique_ptr<SwapClient> make_postgres_swap(std::string did, std::uint64_t number);

}  // namespace dialog::bench
