#pragma once

#include <deque>

#include "served_fixture.hpp"

namespace dialog::test {

using wire::WatchEvent;

/// A client that reads a stream of changes from a socket.
class Watcher {
 public:
  Watcher(std::uint16_t port, Fields fields = {}, const std::string& did = kDid) : client_(port) {
    client_.send(print_request(make_request("GET", "/" + did + "/watch", fields)));
    head_ = client_.receive().value_or(HttpResponse{});
  }

  [[nodiscard]] const HttpResponse& head() const { return head_; }
  [[nodiscard]] int status() const { return head_.status; }
  /// The next event; absent where the stream ends before.
  std::optional<WatchEvent> next() {
    for (;;) {
      auto event = reader_.next();
      if (event && *event) return *wire::parse_watch_event(**event);
      const std::string bytes = client_.receive_some();
      if (bytes.empty()) return {};
      reader_.feed(bytes);
    }
  }
  /// Until so many heartbeats came, and nothing else; false where the stream ends before.
  bool wait_for_heartbeats(std::size_t count) {
    std::string beats;
    while (beats.size() < count * std::string_view(":\n\n").size()) {
      const std::string bytes = client_.receive_some();
      if (bytes.empty()) return false;
      beats += bytes;
    }
    return beats.find_first_not_of(":\n") == std::string::npos;
  }
  RawClient& client() { return client_; }

 private:
  RawClient client_;
  HttpResponse head_;
  wire::EventStreamReader reader_;
};

/// A server whose subject changes.
class WatchedTest : public ServedTest {
 protected:
  HttpResponse swap(const std::string& expected, const std::string& desired,
                    const std::string& did = kDid) {
    return service_->handle(make_request(
        "PUT", "/" + did, {{"If-Match", expected}, {"Content-Type", "application/json"}},
        swap_body(did, desired)));
  }
  /// As another server on the same register would: nobody here is told.
  void swap_elsewhere(const Revision& expected, const Revision& desired, std::string author = {}) {
    Register::Swap swap;
    swap.expected = expected;
    swap.desired = desired;
    swap.author = std::move(author);
    ASSERT_TRUE(store_.head_register().swap(*Subject::parse(kDid), swap, {}).has_value());
  }
  static std::string id(std::uint64_t sequence, char byte) {
    return wire::print_watch_position({sequence, revision(byte)});
  }
  std::size_t streams_open(Fields fields = {}) {
    const std::string page = service_->handle(make_request("GET", "/metrics", fields)).body;
    const std::string name = "\ndialog_streams_open ";
    return std::stoul(page.substr(page.find(name) + name.size()));
  }
  void set_tokens(const std::string& lines) {
    service_->set_tokens(std::make_shared<const server::TokenSet>(*server::TokenSet::parse(lines)));
  }
  static std::string token(const std::string& name, const std::string& subjects = "\"all\"") {
    return R"({"name":")" + name + R"(","hash":"blake3:)" + Hash::of("secret of " + name).hex() +
           R"(","access":"read","subjects":)" + subjects + "}\n";
  }
};

inline void expect_head(const std::optional<WatchEvent>& event, std::uint64_t sequence, char byte) {
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->kind, WatchEvent::Kind::head);
  EXPECT_EQ(event->position(), (wire::WatchPosition{sequence, revision(byte)}));
}

inline void expect_reset(const std::optional<WatchEvent>& event, std::uint64_t sequence,
                         char byte) {
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->kind, WatchEvent::Kind::reset);
  EXPECT_EQ(event->position(), (wire::WatchPosition{sequence, revision(byte)}));
}

}  // namespace dialog::test
