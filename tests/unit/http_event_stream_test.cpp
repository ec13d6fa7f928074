#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/http/watch_messages.hpp"

namespace dialog::wire {
namespace {

using testing::ElementsAre;

std::vector<StreamEvent> read(std::string_view text, std::size_t piece_bytes) {
  EventStreamReader reader;
  std::vector<StreamEvent> events;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_bytes);
    text.remove_prefix(piece.size());
    reader.feed(piece);
    for (;;) {
      auto event = reader.next();
      EXPECT_TRUE(event.has_value());
      if (!event || !*event) break;
      events.push_back(**event);
    }
  }
  return events;
}

std::vector<StreamEvent> read(std::string_view text) { return read(text, text.size()); }

TEST(EventStream, an_event_ends_with_an_empty_line) {
  EXPECT_THAT(read("event: head\nid: 7\ndata: x\n"), ElementsAre());
  EXPECT_THAT(read("event: head\nid: 7\ndata: x\n\n"), ElementsAre(StreamEvent{"head", "x", "7"}));
}

TEST(EventStream, lines_end_with_cr_lf_or_both) {
  for (const char* text : {"data: a\ndata: b\n\ndata: c\n\n", "data: a\rdata: b\r\rdata: c\r\r",
                           "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n"}) {
    EXPECT_THAT(read(text),
                ElementsAre(StreamEvent{"message", "a\nb", ""}, StreamEvent{"message", "c", ""}));
  }
}

TEST(EventStream, a_cr_ends_its_line_before_more_comes) {
  EventStreamReader reader;
  reader.feed("data: a\r\r");
  const auto event = reader.next();
  ASSERT_TRUE(event && *event);
  reader.feed("\ndata: b\n\n");
  EXPECT_EQ((*reader.next())->data, "b");
}

TEST(EventStream, pieces_of_any_size_give_the_same_events) {
  const std::string text =
      "\xEF\xBB\xBF: hello\r\n\r\nevent: head\r\ndata: a\r\ndata:b\rid: 1\n\n"
      "data\n\n:\n\nid: 2\ndata:  c\n\nretry: 10\nother: z\ndata: d\n\n";
  const auto whole = read(text);
  EXPECT_EQ(whole.size(), 4U);
  for (std::size_t piece = 1; piece < text.size(); ++piece) EXPECT_EQ(read(text, piece), whole);
}

TEST(EventStream, one_space_after_the_colon_is_no_data) {
  EXPECT_THAT(read("data:a\n\ndata: a\n\ndata:  a\n\ndata\n\n"),
              ElementsAre(StreamEvent{"message", "a", ""}, StreamEvent{"message", "a", ""},
                          StreamEvent{"message", " a", ""}, StreamEvent{"message", "", ""}));
}

TEST(EventStream, an_id_counts_until_another_is_given) {
  EXPECT_THAT(read("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"),
              ElementsAre(StreamEvent{"message", "a", "1"}, StreamEvent{"message", "b", "1"},
                          StreamEvent{"message", "c", ""}));
}

TEST(EventStream, an_id_with_a_nul_is_none) {
  using std::string_literals::operator""s;
  EXPECT_THAT(read("id: 1\nid: x\0y\ndata: a\n\n"s), ElementsAre(StreamEvent{"message", "a", "1"}));
}

TEST(EventStream, comments_and_events_without_data_are_passed_over) {
  EXPECT_THAT(read(":\n\n: hello\n\nevent: head\nid: 7\n\ndata: a\n\n"),
              ElementsAre(StreamEvent{"message", "a", "7"}));
}

TEST(EventStream, an_event_has_a_bound) {
  for (const char* endless : {"data: aaaaaaaa", "data: aaaaaaaa\n", "event: x\n", ":\n"}) {
    EventStreamReader reader(100);
    Result<std::optional<StreamEvent>> event = std::optional<StreamEvent>();
    for (int i = 0; i < 200 && event; ++i) {
      reader.feed(endless);
      event = reader.next();
      EXPECT_LE(reader.held_bytes(), 200U);
    }
    ASSERT_FALSE(event.has_value()) << endless;
    EXPECT_EQ(event.error().code, ErrorCode::too_large);
    reader.feed("data: a\n\n");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_EQ(reader.held_bytes(), 0U);
  }
}

TEST(EventStream, heartbeats_add_up_to_nothing) {
  EventStreamReader reader(100);
  for (int i = 0; i < 1000; ++i) {
    reader.feed(":\n\n");
    const auto event = reader.next();
    ASSERT_TRUE(event.has_value());
    EXPECT_FALSE(event->has_value());
  }
  EXPECT_EQ(reader.held_bytes(), 0U);
}

const HeadRecord kRecord{Revision(Hash::of("a")), Revision(Hash::of("b")), 12, WallTime{5},
                         "alice"};

TEST(WatchEvents, survive_printing) {
  for (const WatchEvent& event :
       {WatchEvent{WatchEvent::Kind::head, kRecord}, WatchEvent{WatchEvent::Kind::reset, kRecord},
        WatchEvent{WatchEvent::Kind::reset, std::nullopt}}) {
    const auto read_back = read(print_watch_event(event));
    ASSERT_EQ(read_back.size(), 1U);
    const auto again = parse_watch_event(read_back[0]);
    ASSERT_TRUE(again && *again);
    EXPECT_EQ(**again, event);
  }
}

TEST(WatchEvents, name_where_the_register_stands_by_their_id) {
  const auto events = read(print_watch_event({WatchEvent::Kind::head, kRecord}));
  EXPECT_EQ(events[0].id, "12-" + Hash::of("a").hex());
  EXPECT_EQ(events[0].type, "head");
}

TEST(WatchEvents, of_unknown_types_are_passed_over) {
  const auto event = parse_watch_event({"other", "{}", ""});
  ASSERT_TRUE(event.has_value());
  EXPECT_FALSE(event->has_value());
}

TEST(WatchEvents, that_contradict_themselves_are_malformed) {
  StreamEvent event = read(print_watch_event({WatchEvent::Kind::head, kRecord}))[0];
  const StreamEvent good = event;
  for (const char* data : {"", "null", "{}", "[]", "{\"sequence\":12}"}) {
    event = good;
    event.data = data;
    EXPECT_FALSE(parse_watch_event(event).has_value()) << data;
  }
  for (const std::string& id : {std::string(), std::string("12"), "13-" + Hash::of("a").hex(),
                                "12-" + Hash::of("b").hex()}) {
    event = good;
    event.id = id;
    EXPECT_FALSE(parse_watch_event(event).has_value()) << id;
  }
}

TEST(WatchPositions, survive_printing) {
  for (const WatchPosition& position : {WatchPosition{}, WatchPosition{1, Revision(Hash::of("a"))},
                                        WatchPosition{UINT64_MAX, Revision()}}) {
    EXPECT_EQ(parse_watch_position(print_watch_position(position)), position);
  }
}

TEST(WatchPositions, are_written_in_one_way) {
  const std::string hex = Hash::of("a").hex();
  for (const std::string& text : {std::string(), "-" + hex, "01-" + hex, "1 -" + hex, "0-" + hex,
                                  "+1-" + hex, "18446744073709551616-" + hex, "1-" + hex + "a"}) {
    EXPECT_FALSE(parse_watch_position(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace dialog::wire
