#include <atomic>
#include <condition_variable>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <netdb.h>

#include "dialog/backends/curl_client.hpp"
#include "http_scripted_server.hpp"

namespace dialog {
namespace {

using test::ScriptedServer;
using testing::HasSubstr;
using Connection = ScriptedServer::Connection;

constexpr std::size_t kBytesMax = 1 << 20;

/// Lets the next look-up of a host's name begin, and not end before this object does.
class BlockedLookup {
 public:
  explicit BlockedLookup(std::function<void()> on_begin) : on_begin_(std::move(on_begin)) {
    current = this;
  }
  ~BlockedLookup() {
    std::unique_lock lock(mutex_);
    released_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !under_way_; });
    current = nullptr;
  }
  BlockedLookup(const BlockedLookup&) = delete;
  BlockedLookup& operator=(const BlockedLookup&) = delete;

  static std::string url() { return "http://blocked.example/"; }

  [[nodiscard]] bool is_under_way() {
    const std::lock_guard lock(mutex_);
    return under_way_;
  }

  /// In the place of the system's.
  static int look_up() {
    if (BlockedLookup* const blocked = current) blocked->wait();
    return EAI_NONAME;
  }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    under_way_ = true;
    on_begin_();
    // A client that waits for this would wait for ever: that is a failure, and not to hang.
    changed_.wait_for(lock, std::chrono::seconds(10), [this] { return released_; });
    under_way_ = false;
    changed_.notify_all();
  }

  static inline std::atomic<BlockedLookup*> current = nullptr;
  const std::function<void()> on_begin_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool under_way_ = false;
  bool released_ = false;
};

HttpRequest put(const std::string& url, Bytes body) { return {"PUT", url, {}, std::move(body)}; }
HttpRequest get(const std::string& url) { return {"GET", url, {}, {}}; }

TEST(CurlHttpClient, GivesStatusFieldsAndBody) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(
        "HTTP/1.1 418 Teapot\r\nX-One:  1 \r\nETag: \"a\"\r\nContent-Length: 3\r\n\r\nabc");
  });
  const auto response = CurlHttpClient().send(get(server.url() + "/x"), kBytesMax, {});
  ASSERT_TRUE(response.has_value()) << response.error().error.message;
  EXPECT_EQ(response->status, 418);
  EXPECT_EQ(response->body, "abc");
  ASSERT_NE(response->headers.find("x-one"), nullptr);
  EXPECT_EQ(*response->headers.find("x-one"), "1");
  EXPECT_EQ(*response->headers.find("etag"), "\"a\"");
}

TEST(CurlHttpClient, ReportsTheFieldsOfTheFinalResponseOnly) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(
        "HTTP/1.1 103 Early Hints\r\nETag: early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
        "0\r\n\r\n");
  });
  const auto response = CurlHttpClient().send(get(server.url()), kBytesMax, {});
  ASSERT_TRUE(response.has_value()) << response.error().error.message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.find("ETag"), nullptr);
}

TEST(CurlHttpClient, KeepsConnections) {
  ScriptedServer server([](Connection& connection) {
    while (connection.read_request()) connection.write("HTTP/1.1 204 No Content\r\n\r\n");
  });
  CurlHttpClient client;
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(client.send(get(server.url()), kBytesMax, {}).has_value());
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlHttpClient, CountsWhatWentOverTheWire) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd";
  ScriptedServer server([&](Connection& connection) {
    connection.read_request(10);
    connection.write(answer);
  });
  const auto response =
      CurlHttpClient().send(put(server.url() + "/x", Bytes(10, 'b')), kBytesMax, {});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->traffic.bytes_down, answer.size());
  EXPECT_GT(response->traffic.bytes_up, 10U + std::string("PUT /x HTTP/1.1\r\n").size());
  EXPECT_LT(response->traffic.bytes_up, 250U);
}

TEST(CurlHttpClient, FollowsNoRedirect) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  });
  const auto response = CurlHttpClient().send(get(server.url()), kBytesMax, {});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 302);
}

TEST(CurlHttpClient, RefusesALongerBodyThanAllowed) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
    connection.wait_for_close();
  });
  const auto response = CurlHttpClient().send(get(server.url()), 99, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::too_large);
  EXPECT_THAT(response.error().error.message,
              HasSubstr("the body of the response exceeds 99 bytes"));
}

TEST(CurlHttpClient, RefusesEndlessHeaders) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 3000; ++i) connection.write("X-Field: " + std::string(40, 'x') + "\r\n");
    connection.wait_for_close();
  });
  const auto response = CurlHttpClient().send(get(server.url()), 99, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::too_large);
  EXPECT_THAT(response.error().error.message,
              HasSubstr("the header of the response exceeds 65536 bytes"));
}

TEST(CurlHttpClient, KnowsThatARefusedConnectionReceivedNothing) {
  std::string url;
  {
    const ScriptedServer gone([](Connection&) {});
    url = gone.url();
  }
  const auto response = CurlHttpClient().send(put(url, "body"), kBytesMax, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::unavailable);
  EXPECT_FALSE(response.error().may_have_been_received);
}

TEST(CurlHttpClient, DoesNotTakeAnEarlierRequestForThisOne) {
  CurlHttpClient client;
  std::string url;
  {
    ScriptedServer server([](Connection& connection) {
      while (connection.read_request(4)) {
        connection.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
      }
    });
    url = server.url();
    ASSERT_TRUE(client.send(put(url, "body"), kBytesMax, {}).has_value());
  }
  const auto response = client.send(put(url, "body"), kBytesMax, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_FALSE(response.error().may_have_been_received);
}

TEST(CurlHttpClient, KnowsThatAConnectionClosedInsteadOfAnAnswerMayHaveReceivedAll) {
  ScriptedServer server([](Connection& connection) { connection.read_request(4); });
  const auto response = CurlHttpClient().send(put(server.url(), "body"), kBytesMax, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::unavailable);
  EXPECT_TRUE(response.error().may_have_been_received);
}

TEST(CurlHttpClient, DoesNotResendABodyWhereAKeptConnectionCloses) {
  std::atomic<int> requests = 0;
  ScriptedServer server([&](Connection& connection) {
    bool answered = false;
    while (connection.read_request(4)) {
      ++requests;
      if (answered) return;
      connection.write("HTTP/1.1 204 No Content\r\n\r\n");
      answered = true;
    }
  });
  CurlHttpClient client;
  ASSERT_TRUE(client.send(put(server.url(), "body"), kBytesMax, {}).has_value());
  const auto second = client.send(put(server.url(), "body"), kBytesMax, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_TRUE(second.error().may_have_been_received);
  EXPECT_EQ(requests, 2);
}

TEST(CurlHttpClient, CallsAPeerThatSpeaksSomethingElseMalformed) {
  ScriptedServer server([](Connection& connection) {
    connection.write("SSH-2.0-OpenSSH_9.2\r\n");
    connection.wait_for_close();
  });
  const auto response = CurlHttpClient().send(get(server.url()), kBytesMax, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::malformed);
}

TEST(CurlHttpClient, SendsNothingAfterTheDeadline) {
  ScriptedServer server([](Connection& connection) { connection.wait_for_close(); });
  const auto response =
      CurlHttpClient().send(get(server.url()), kBytesMax, Context{system_clock().now(), {}});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::timeout);
  EXPECT_FALSE(response.error().may_have_been_received);
  EXPECT_EQ(server.connections(), 0);
}

TEST(CurlHttpClient, EndsAtTheDeadline) {
  ScriptedServer server([](Connection& connection) { connection.wait_for_close(); });
  const Context context{system_clock().now() + std::chrono::milliseconds(100), {}};
  const auto response = CurlHttpClient().send(put(server.url(), "body"), kBytesMax, context);
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::timeout);
  EXPECT_TRUE(response.error().may_have_been_received);
  EXPECT_GE(system_clock().now(), *context.deadline);
}

TEST(CurlHttpClient, EndsWhenItIsCancelled) {
  const CancelSource source;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request(4);
    source.cancel();
    connection.wait_for_close();
  });
  const auto response = CurlHttpClient().send(put(server.url(), "body"), kBytesMax,
                                              Context{std::nullopt, source.token()});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::cancelled);
  EXPECT_TRUE(response.error().may_have_been_received);
}

TEST(CurlHttpClient, EndsWhileTheNameOfItsHostIsStillLookedUp) {
  const CancelSource source;
  BlockedLookup lookup([&] { source.cancel(); });
  const auto response = CurlHttpClient().send(get(BlockedLookup::url()), kBytesMax,
                                              Context{std::nullopt, source.token()});
  EXPECT_TRUE(lookup.is_under_way());
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::cancelled);
  EXPECT_FALSE(response.error().may_have_been_received);
}

TEST(CurlHttpClient, RefusesFieldsThatWouldBreakTheRequest) {
  HttpRequest request = get("http://127.0.0.1:1/");
  request.headers.add("X-Field", "a\r\nX-Other: b");
  const auto response = CurlHttpClient().send(request, kBytesMax, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::invalid_argument);
  EXPECT_FALSE(response.error().may_have_been_received);
}

TEST(CurlHttpClient, ReadsNoFiles) {
  const auto response = CurlHttpClient().send(get("file:///etc/hostname"), kBytesMax, {});
  ASSERT_FALSE(response.has_value());
}

TEST(CurlHttpClient, ServesManyThreads) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  });
  CurlHttpClient client;
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 10; ++j) {
          const auto response = client.send(get(server.url()), kBytesMax, {});
          if (response && response->body == "ok") ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace dialog

// libcurl calls this one; numeric addresses take another way.
extern "C" int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
  return dialog::BlockedLookup::look_up();
}
