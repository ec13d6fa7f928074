#include <thread>

#include "watch_fixture.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

class WatchProtocol : public WatchedTest {};

TEST_F(WatchProtocol, a_stream_begins_with_what_the_register_holds) {
  serve();
  swap(kZero, hex(1));
  swap(hex(1), hex(2));
  Watcher watcher(port());
  EXPECT_EQ(watcher.status(), 200);
  EXPECT_EQ(field(watcher.head(), "Content-Type"), "text/event-stream");
  EXPECT_EQ(field(watcher.head(), "Cache-Control"), "no-store");
  EXPECT_EQ(field(watcher.head(), "Connection"), "close");
  EXPECT_EQ(field(watcher.head(), "Content-Length"), "(none)");
  const auto event = watcher.next();
  expect_head(event, 2, 2);
  EXPECT_EQ(event->record->previous, revision(1));
}

TEST_F(WatchProtocol, each_accepted_swap_is_one_event_in_order) {
  serve();
  Watcher watcher(port());
  for (char i = 1; i <= 20; ++i) swap(i == 1 ? kZero : hex(static_cast<char>(i - 1)), hex(i));
  for (char i = 1; i <= 20; ++i) expect_head(watcher.next(), static_cast<std::uint64_t>(i), i);
}

TEST_F(WatchProtocol, a_refused_swap_is_no_event) {
  serve();
  swap(kZero, hex(1));
  Watcher watcher(port());
  expect_head(watcher.next(), 1, 1);
  EXPECT_EQ(swap(hex(7), hex(2)).status, 412);
  swap(hex(1), hex(3));
  expect_head(watcher.next(), 2, 3);
}

TEST_F(WatchProtocol, changes_of_other_subjects_are_no_events) {
  serve();
  Watcher watcher(port());
  swap(kZero, hex(9), kOtherDid);
  swap(kZero, hex(1));
  expect_head(watcher.next(), 1, 1);
}

TEST_F(WatchProtocol, the_last_event_that_a_client_got_is_where_it_goes_on) {
  serve();
  for (char i = 1; i <= 40; ++i) swap(i == 1 ? kZero : hex(static_cast<char>(i - 1)), hex(i));
  Watcher watcher(port(), {{"Last-Event-ID", id(1, 1)}});
  for (char i = 2; i <= 40; ++i) expect_head(watcher.next(), static_cast<std::uint64_t>(i), i);
}

TEST_F(WatchProtocol, who_missed_nothing_is_told_nothing) {
  serve();
  swap(kZero, hex(1));
  Watcher watcher(port(), {{"Last-Event-ID", id(1, 1)}});
  swap(hex(1), hex(2));
  expect_head(watcher.next(), 2, 2);
}

TEST_F(WatchProtocol, who_saw_that_nothing_was_published_gets_all_that_was_since) {
  serve();
  swap(kZero, hex(1));
  swap(hex(1), hex(2));
  Watcher watcher(port(), {{"Last-Event-ID", id(0, 0)}});
  expect_head(watcher.next(), 1, 1);
  expect_head(watcher.next(), 2, 2);
}

TEST_F(WatchProtocol, another_past_is_told_as_a_reset) {
  serve();
  swap(kZero, hex(1));
  swap(hex(1), hex(2));
  for (const auto& last : {id(1, 7), id(2, 7), id(3, 3)}) {
    Watcher watcher(port(), {{"Last-Event-ID", last}});
    expect_reset(watcher.next(), 2, 2);
  }
}

TEST_F(WatchProtocol, changes_that_are_no_longer_kept_are_told_as_a_reset) {
  serve();
  for (char i = 1; i <= 5; ++i) swap(i == 1 ? kZero : hex(static_cast<char>(i - 1)), hex(i));
  store_.forget_until(3);
  Watcher too_old(port(), {{"Last-Event-ID", id(2, 2)}});
  expect_reset(too_old.next(), 5, 5);
  Watcher just_kept(port(), {{"Last-Event-ID", id(3, 3)}});
  expect_head(just_kept.next(), 4, 4);
}

TEST_F(WatchProtocol, that_nothing_is_published_any_more_is_a_reset_to_nothing) {
  serve();
  swap(kZero, hex(1));
  Watcher watcher(port(), {{"Last-Event-ID", id(9, 9)}}, kOtherDid);
  const auto event = watcher.next();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->kind, WatchEvent::Kind::reset);
  EXPECT_FALSE(event->record.has_value());
  EXPECT_EQ(event->position(), wire::WatchPosition{});
}

TEST_F(WatchProtocol, an_id_of_no_event_is_refused) {
  serve();
  for (const std::string& last :
       std::vector<std::string>{"7", "7-", "x-" + hex(1), "1-" + hex(1) + "0", "-1-" + hex(1),
                                "0-" + hex(1), "99999999999999999999-" + hex(1)}) {
    EXPECT_EQ(Watcher(port(), {{"Last-Event-ID", last}}).status(), 400) << last;
  }
}

TEST_F(WatchProtocol, only_get_is_answered) {
  serve();
  for (const char* method : {"HEAD", "PUT", "POST", "DELETE"}) {
    EXPECT_EQ(service_->handle(make_request(method, "/" + kDid + "/watch")).status, 405) << method;
  }
}

TEST_F(WatchProtocol, a_register_that_cannot_be_read_is_told_by_the_status) {
  serve();
  store_.fail_with({ErrorCode::storage_failed, "input/output error", {}});
  EXPECT_EQ(Watcher(port()).status(), 503);
  EXPECT_EQ(streams_open(), 0U);
}

TEST_F(WatchProtocol, the_endpoint_says_that_it_tells_changes) {
  serve();
  const auto offered = [this] {
    return wire::parse_capabilities(service_->handle(make_request("GET", "/")).body)->watch;
  };
  EXPECT_TRUE(offered());
  server_.reset();
  serve({}, {.streams_max = 0});
  EXPECT_FALSE(offered());
  EXPECT_EQ(Watcher(port()).status(), 404);
}

TEST_F(WatchProtocol, streams_are_bounded) {
  serve({}, {.streams_max = 1});
  std::optional<Watcher> first(std::in_place, port());
  EXPECT_EQ(first->status(), 200);
  Watcher refused(port());
  EXPECT_EQ(refused.status(), 503);
  EXPECT_EQ(field(refused.head(), "Retry-After"), "1");
  first.reset();
  log_.records(2);
  EXPECT_EQ(Watcher(port()).status(), 200);
}

TEST_F(WatchProtocol, a_silent_stream_gets_heartbeats) {
  serve({.heartbeat_time = 1ms});
  Watcher watcher(port());
  EXPECT_TRUE(watcher.wait_for_heartbeats(3));
  swap(kZero, hex(1));
  expect_head(watcher.next(), 1, 1);
}

TEST_F(WatchProtocol, a_change_that_another_server_made_is_told) {
  serve({.heartbeat_time = 1ms}, {.watch_look_again = 0ms});
  Watcher watcher(port());
  swap_elsewhere(Revision(), revision(1));
  expect_head(watcher.next(), 1, 1);
  swap_elsewhere(revision(1), revision(2));
  swap(hex(2), hex(3));
  expect_head(watcher.next(), 2, 2);
  expect_head(watcher.next(), 3, 3);
}

TEST_F(WatchProtocol, nobody_is_told_without_the_right_to_read) {
  serve();
  set_tokens(token("reader") + token("other", "[\"" + kOtherDid + "\"]"));
  EXPECT_EQ(Watcher(port()).status(), 401);
  EXPECT_EQ(Watcher(port(), {{"Authorization", "Bearer secret of other"}}).status(), 403);
  EXPECT_EQ(Watcher(port(), {{"Authorization", "Bearer secret of reader"}}).status(), 200);
}

TEST_F(WatchProtocol, a_revoked_token_ends_its_streams_and_no_others) {
  serve();
  set_tokens(token("revoked") + token("narrowed") + token("kept"));
  Watcher revoked(port(), {{"Authorization", "Bearer secret of revoked"}});
  Watcher narrowed(port(), {{"Authorization", "Bearer secret of narrowed"}});
  Watcher kept(port(), {{"Authorization", "Bearer secret of kept"}});
  set_tokens(token("narrowed", "[\"" + kOtherDid + "\"]") + token("kept"));
  EXPECT_FALSE(revoked.next().has_value());
  EXPECT_FALSE(narrowed.next().has_value());
  swap_elsewhere(Revision(), revision(1));
  log_.records(2);
  EXPECT_EQ(streams_open({{"Authorization", "Bearer secret of kept"}}), 1U);
}

TEST_F(WatchProtocol, tokens_that_come_later_end_the_streams_without_one) {
  serve();
  Watcher watcher(port());
  set_tokens(token("reader"));
  EXPECT_FALSE(watcher.next().has_value());
}

TEST_F(WatchProtocol, streams_end_when_the_server_is_about_to_stop) {
  serve();
  Watcher watcher(port());
  EXPECT_EQ(watcher.status(), 200);
  service_->begin_drain();
  EXPECT_FALSE(watcher.next().has_value());
  EXPECT_EQ(Watcher(port()).status(), 503);
}

TEST_F(WatchProtocol, streams_do_not_hold_up_the_stop) {
  serve();
  Watcher watcher(port());
  EXPECT_EQ(watcher.status(), 200);
  server_->stop();
  EXPECT_EQ(server_->connection_count(), 0U);
  EXPECT_EQ(log_.event_count("cutting"), 0U);
  EXPECT_FALSE(watcher.next().has_value());
}

TEST_F(WatchProtocol, a_stream_is_logged_once_when_it_ends) {
  serve();
  set_tokens(token("reader"));
  {
    Watcher watcher(port(), {{"Authorization", "Bearer secret of reader"}});
    EXPECT_EQ(watcher.status(), 200);
    swap_elsewhere(Revision(), revision(1));
    service_->set_tokens(nullptr);
    swap(hex(1), hex(2));
    expect_head(watcher.next(), 1, 1);
    expect_head(watcher.next(), 2, 2);
  }
  const auto record = log_.records(1)[0];
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.method, "GET");
  EXPECT_EQ(record.path, "/" + kDid + "/watch");
  EXPECT_EQ(record.who, "reader");
  EXPECT_EQ(record.subject, kDid);
  std::size_t bytes = std::string(":\n\n").size();
  const auto history = store_.head_register().history(*Subject::parse(kDid), 0, 10, {});
  for (const HeadRecord& accepted : history->records)
    bytes += wire::print_watch_event({WatchEvent::Kind::head, accepted}).size();
  EXPECT_EQ(record.bytes_out, bytes);
}

TEST_F(WatchProtocol, a_client_that_is_gone_leaves_nothing_behind) {
  serve();
  {
    Watcher watcher(port());
  }
  log_.records(1);
  EXPECT_EQ(streams_open(), 0U);
  server_->stop();
  EXPECT_EQ(server_->connection_count(), 0U);
}

TEST_F(WatchProtocol, a_client_that_does_not_read_is_cut) {
  serve({.transfer_bytes_per_second_min = std::size_t{1} << 30U, .transfer_grace = 10ms});
  const std::string author(4000, 'a');
  Revision last;
  for (int i = 1; i <= 5000; ++i) {
    const Revision next(Hash::of(std::to_string(i)));
    swap_elsewhere(last, next, author);
    last = next;
  }
  Watcher slow(port(), {{"Last-Event-ID", id(0, 0)}});
  EXPECT_EQ(slow.status(), 200);
  EXPECT_EQ(log_.records(1)[0].status, 200);
  EXPECT_EQ(streams_open(), 0U);
}

TEST_F(WatchProtocol, a_client_that_sends_more_is_cut) {
  serve();
  Watcher watcher(port());
  watcher.client().send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_FALSE(watcher.next().has_value());
}

TEST_F(WatchProtocol, every_watcher_sees_every_change_of_many_writers_once_and_in_order) {
  serve();
  constexpr std::uint64_t kSwaps = 200;
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < 5; ++i) watchers.push_back(std::make_unique<Watcher>(port()));
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([this, writer] {
      for (int done = 0; static_cast<std::uint64_t>(done) < kSwaps / 4;) {
        const auto head = service_->handle(make_request("HEAD", "/" + kDid));
        const std::string expected = head.status == 200 ? field(head, "ETag") : kZero;
        const std::string desired =
            Hash::of(std::to_string(writer) + " " + std::to_string(done)).hex();
        if (swap(expected, desired).status == 200) ++done;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto history = store_.head_register().history(*Subject::parse(kDid), 0, kSwaps, {});
  ASSERT_EQ(history->records.size(), kSwaps);
  for (const auto& watcher : watchers) {
    for (const HeadRecord& record : history->records) {
      const auto event = watcher->next();
      ASSERT_TRUE(event.has_value());
      EXPECT_EQ(event->kind, WatchEvent::Kind::head);
      EXPECT_EQ(event->record, record);
    }
  }
}

}  // namespace
}  // namespace dialog::test
