#include "swap_clients.hpp"

#include <charconv>
#include <openssl/evp.h>
#include <utility>

#include "dialog/base/hash.hpp"
#include "dialog/identity/did.hpp"
#include "http_client.hpp"
#include "report.hpp"

namespace dialog::bench {
namespace {

class HttpSwap final : public SwapClient {
 public:
  using SwapClient::SwapClient;

 private:
  void encode(std::string& out) const override {
    const std::string body = R"({"iss":")" + did() + R"(","sub":")" + did() +
                             R"(","cmd":"/state/assert","args":{"revision":")" + desired() +
                             R"("},"origin":")" + expected() + R"("})";
    out = http_request("PUT", "/" + did(),
                       "If-Match: " + expected() + "\r\nContent-Type: application/json\r\n", body);
  }

  Outcome decode(std::string_view received) override {
    const HttpAnswer answer = parse_http_answer(received, false);
    if (answer.bytes == 0) return {};
    if (answer.status != 200 && answer.status != 412)
      give_up("unexpected answer: " + std::string(received));
    return {answer.bytes, answer.status == 200, answer.field("etag")};
  }
};

constexpr std::string_view kRedisScript =
    "local c = redis.call('GET', KEYS[1]) "
    "if c == ARGV[1] or (not c and ARGV[1] == ARGV[3]) then "
    "redis.call('SET', KEYS[1], ARGV[2]) return '' end return c or ARGV[3]";

std::string redis_command(std::initializer_list<std::string_view> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words)
    out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
  return out;
}

class RedisSwap final : public SwapClient {
 public:
  using SwapClient::SwapClient;
  std::string_view greeting() override {
    load_ = redis_command({"SCRIPT", "LOAD", kRedisScript});
    return load_;
  }

 private:
  void encode(std::string& out) const override {
    out = redis_command({"EVALSHA", script_, "1", did(), expected(), desired(), Hash().hex()});
  }

  // Every answer here is one string: its length, itself.
  Outcome decode(std::string_view received) override {
    const std::size_t line = received.find("\r\n");
    if (line == std::string_view::npos) return {};
    std::size_t size = 0;
    const auto parsed = std::from_chars(received.data() + 1, received.data() + line, size);
    if (received.front() != '$' || parsed.ec != std::errc())
      give_up("unexpected answer: " + std::string(received));
    if (received.size() < line + 4 + size) return {};
    const std::string_view text = received.substr(line + 2, size);
    if (script_.empty()) script_ = text;
    return {line + 4 + size, text.empty(), text};
  }

  std::string load_;
  std::string script_;
};

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string unbase64(std::string_view text) {
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) give_up("etcd: no base64: " + std::string(text));
  // It counts the padding, too.
  out.resize(static_cast<std::size_t>(size) - (text.ends_with("==") ? 2 : text.ends_with('=')));
  return out;
}

class EtcdSwap final : public SwapClient {
 public:
  EtcdSwap(std::string did, std::uint64_t number)
      : SwapClient(std::move(did), number), key_(base64(this->did())) {}

 private:
  void encode(std::string& out) const override {
    const std::string condition = expected() == Hash().hex()
                                      ? R"("target":"VERSION","version":"0")"
                                      : R"("target":"VALUE","value":")" + base64(expected()) + "\"";
    const std::string body = R"({"compare":[{"key":")" + key_ + R"(","result":"EQUAL",)" +
                             condition + R"(}],"success":[{"requestPut":{"key":")" + key_ +
                             R"(","value":")" + base64(desired()) +
                             R"("}}],"failure":[{"requestRange":{"key":")" + key_ + R"("}}]})";
    out = http_request("POST", "/v3/kv/txn", "Content-Type: application/json\r\n", body);
  }

  Outcome decode(std::string_view received) override {
    const HttpAnswer answer = parse_http_answer(received, false);
    if (answer.bytes == 0) return {};
    if (answer.status != 200) give_up("unexpected answer: " + std::string(received));
    if (answer.body.find(R"("succeeded":true)") != std::string_view::npos)
      return {answer.bytes, true, {}};
    constexpr std::string_view kValue = R"("value":")";
    const std::size_t at = answer.body.find(kValue);
    if (at == std::string_view::npos) give_up("unexpected answer: " + std::string(received));
    const std::string_view text = answer.body.substr(at + kValue.size());
    actual_ = unbase64(text.substr(0, text.find('"')));
    return {answer.bytes, false, actual_};
  }

  std::string key_;
  std::string actual_;
};

void append_number(std::string& out, std::size_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
}

std::size_t read_number(std::string_view bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i)
    value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
  return value;
}

// One message of PostgreSQL's protocol, version 3.
std::string postgres_message(std::string_view type, std::string_view body) {
  std::string out(type);
  append_number(out, body.size() + 4, 4);
  return out.append(body);
}

// One statement, so one round trip: what was there when it began is what a loser is told.
constexpr std::string_view kPostgresSwap =
    "with swapped as (update register set revision = $3 where did = $1 and revision = $2 "
    "returning revision) select (select count(*) from swapped), "
    "(select revision from register where did = $1)";

class PostgresSwap final : public SwapClient {
 public:
  using SwapClient::SwapClient;
  std::string_view greeting() override {
    using namespace std::string_literals;
    std::string hello;
    append_number(hello, 3U << 16U, 4);
    hello += "user\0postgres\0database\0postgres\0\0"s;
    greeting_ = postgres_message("", hello) +
                postgres_message("P", "s\0"s + std::string(kPostgresSwap) + "\0\0\0"s) +
                postgres_message("S", "");
    ready_wanted_ = 2;  // for the connection, and for the statement
    return greeting_;
  }

 private:
  void encode(std::string& out) const override {
    using namespace std::string_literals;
    std::string bind = "\0s\0\0\0"s;
    append_number(bind, 3, 2);
    for (const std::string* parameter : {&did(), &expected(), &desired()}) {
      append_number(bind, parameter->size(), 4);
      bind += *parameter;
    }
    bind += "\0\0"s;
    out = postgres_message("B", bind) + postgres_message("E", "\0\0\0\0\0"s) +
          postgres_message("S", "");
  }

  Outcome decode(std::string_view received) override {
    Outcome outcome;
    int ready = 0;
    std::size_t at = 0;
    while (ready < ready_wanted_) {
      if (received.size() < at + 5) return {};
      const std::size_t size = 1 + read_number(received, at + 1);
      if (received.size() < at + size) return {};
      const std::string_view message = received.substr(at, size);
      if (message.front() == 'E') give_up("postgres: " + std::string(message));
      if (message.front() == 'Z') ++ready;
      if (message.front() == 'D') read_row(message, outcome);
      at += size;
    }
    ready_wanted_ = 1;
    outcome.bytes = at;
    return outcome;
  }

  // Type, size, number of columns; then of each its size and its text.
  static void read_row(std::string_view message, Outcome& outcome) {
    constexpr std::size_t kFirst = 7;
    const std::size_t first = read_number(message, kFirst);
    outcome.swapped = message.substr(kFirst + 4, first) == "1";
    const std::size_t second = kFirst + 4 + first;
    outcome.actual = message.substr(second + 4, read_number(message, second));
  }

  std::string greeting_;
  int ready_wanted_ = 1;
};

}  // namespace

std::string did_of(int number) {
  std::string seed(SecretKey::kSeedSize, '\0');
  for (std::size_t i = 0; i < 4; ++i)
    seed[i] = static_cast<char>((static_cast<unsigned>(number) >> (8 * i)) & 0xffU);
  return Did::of(SecretKey::from_seed(seed)->public_key()).text();
}

SwapClient::SwapClient(std::string did, std::uint64_t number)
    : did_(std::move(did)), count_(number << 32U), expected_(Hash().hex()) {}

std::string_view SwapClient::next() {
  desired_ = Hash::of(std::to_string(++count_)).hex();
  encode(request_);
  return request_;
}

Reply SwapClient::take(std::string_view received) {
  const Outcome outcome = decode(received);
  if (outcome.bytes == 0) return {};
  if (desired_.empty()) return {Reply::Kind::done, outcome.bytes};  // to the greeting
  expected_ = outcome.swapped ? desired_ : std::string(outcome.actual);
  return {outcome.swapped ? Reply::Kind::done : Reply::Kind::lost, outcome.bytes};
}

std::unique_ptr<SwapClient> make_http_swap(std::string did, std::uint64_t number) {
  return std::make_unique<HttpSwap>(std::move(did), number);
}
std::unique_ptr<SwapClient> make_redis_swap(std::string did, std::uint64_t number) {
  return std::make_unique<RedisSwap>(std::move(did), number);
}
std::unique_ptr<SwapClient> make_etcd_swap(std::string did, std::uint64_t number) {
  return std::make_unique<EtcdSwap>(std::move(did), number);
}
std::unique_ptr<SwapClient> make_postgres_swap(std::string did, std::uint64_t number) {
  return std::make_unique<PostgresSwap>(std::move(did), number);
}

}  // namespace dialog::bench
