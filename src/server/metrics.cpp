#include "metrics.hpp"

#include <algorithm>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <utility>
#include <vector>

namespace dialog::server {

void Metrics::request(const Request& request) {
  const auto resource = static_cast<std::size_t>(request.resource);
  const auto method = static_cast<std::size_t>(
      std::find(kMethods.begin(), kMethods.end() - 1, request.method) - kMethods.begin());
  const auto status_class = static_cast<std::size_t>(std::clamp(request.status / 100, 1, 5) - 1);
  add(requests_[resource][method][status_class]);
  add(bytes_in, request.bytes_in);
  add(bytes_out, request.bytes_out);
  Latency& latency = latencies_[resource];
  const auto bucket = static_cast<std::size_t>(
      std::lower_bound(kBuckets.begin(), kBuckets.end(), request.duration) - kBuckets.begin());
  add(latency.buckets[bucket]);
  add(latency.micros, static_cast<std::uint64_t>(request.duration.count()));
}

void Metrics::refused_credentials(const HttpRequest& head, int status) {
  const bool shows_some = head.headers.find("Authorization") != nullptr ||
                          head.headers.find("Signature-Input") != nullptr;
  if (status == 403) {
    add(credentials_insufficient_);
  } else if (status == 401) {
    add(shows_some ? credentials_unknown_ : credentials_missing_);
  }
}

/// The families of one answer, as the serializer takes them.
class MetricsPage {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  void family(std::string name, std::string help, prometheus::MetricType type) {
    prometheus::MetricFamily& added = families_.emplace_back();
    added.name = std::move(name);
    added.help = std::move(help);
    added.type = type;
  }
  void value(double value, const Labels& labels = {}) {
    prometheus::ClientMetric& metric = sample(labels);
    metric.counter.value = value;
    metric.gauge.value = value;
  }
  void counter(std::string name, std::string help, const Metrics::Counter& counter) {
    family(std::move(name), std::move(help), prometheus::MetricType::Counter);
    value(number(counter));
  }
  void gauge(std::string name, std::string help, double present) {
    family(std::move(name), std::move(help), prometheus::MetricType::Gauge);
    value(present);
  }
  void requests(const Metrics& metrics);
  void latencies(const Metrics& metrics);
  void reasons(const Metrics& metrics);
  [[nodiscard]] std::string print() const {
    return prometheus::TextSerializer().Serialize(families_);
  }
  static double number(const Metrics::Counter& counter) {
    return static_cast<double>(counter.load(std::memory_order_relaxed));
  }

 private:
  prometheus::ClientMetric& sample(const Labels& labels) {
    prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
    for (const auto& [name, text] : labels)
      metric.label.push_back({std::string(name), std::string(text)});
    return metric;
  }
  std::vector<prometheus::MetricFamily> families_;
};

void MetricsPage::requests(const Metrics& metrics) {
  constexpr std::array<std::string_view, Metrics::kStatusClasses> kClasses{"1xx", "2xx", "3xx",
                                                                           "4xx", "5xx"};
  family("dialog_requests_total", "Answered requests", prometheus::MetricType::Counter);
  for (std::size_t resource = 0; resource < kResources; ++resource) {
    const std::string_view name = name_of(static_cast<Resource>(resource));
    for (std::size_t method = 0; method < Metrics::kMethods.size(); ++method) {
      for (std::size_t status = 0; status < kClasses.size(); ++status) {
        const double count = number(metrics.requests_[resource][method][status]);
        if (count == 0) continue;
        value(count, {{"resource", name},
                      {"method", Metrics::kMethods[method]},
                      {"status", kClasses[status]}});
      }
    }
  }
}

void MetricsPage::latencies(const Metrics& metrics) {
  family("dialog_request_duration_seconds", "From the first byte of a request to its answer",
         prometheus::MetricType::Histogram);
  for (std::size_t resource = 0; resource < kResources; ++resource) {
    const Metrics::Latency& latency = metrics.latencies_[resource];
    prometheus::ClientMetric::Histogram histogram;
    // Counted as they are read, so that the parts agree while requests go on.
    for (std::size_t i = 0; i < latency.buckets.size(); ++i) {
      histogram.sample_count += latency.buckets[i].load(std::memory_order_relaxed);
      if (i == Metrics::kBuckets.size()) break;
      histogram.bucket.push_back(
          {histogram.sample_count, std::chrono::duration<double>(Metrics::kBuckets[i]).count()});
    }
    if (histogram.sample_count == 0) continue;
    histogram.sample_sum = number(latency.micros) / 1e6;
    sample({{"resource", name_of(static_cast<Resource>(resource))}}).histogram =
        std::move(histogram);
  }
}

void MetricsPage::reasons(const Metrics& metrics) {
  family("dialog_connections_turned_away_total", "Connections that got 503 and were closed",
         prometheus::MetricType::Counter);
  value(number(metrics.turned_away_[0]), {{"reason", "connections"}});
  value(number(metrics.turned_away_[1]), {{"reason", "address"}});
  family("dialog_credentials_refused_total", "Requests that were refused with 401 or 403",
         prometheus::MetricType::Counter);
  value(number(metrics.credentials_missing_), {{"reason", "missing"}});
  value(number(metrics.credentials_unknown_), {{"reason", "unknown"}});
  value(number(metrics.credentials_insufficient_), {{"reason", "insufficient"}});
  family("dialog_swaps_total", "Swaps of the register", prometheus::MetricType::Counter);
  value(number(metrics.swaps_accepted), {{"outcome", "accepted"}});
  value(number(metrics.swaps_refused), {{"outcome", "refused"}});
}

std::string Metrics::print(const State& state) const {
  MetricsPage page;
  page.requests(*this);
  page.latencies(*this);
  page.reasons(*this);
  const double closed = MetricsPage::number(connections_closed);
  page.gauge("dialog_connections_open", "Connections that are open",
             std::max(0.0, MetricsPage::number(connections_opened) - closed));
  page.counter("dialog_connections_total", "Connections that were let in", connections_opened);
  page.counter("dialog_accepts_failed_total", "Connections that the system could not give",
               accepts_failed);
  page.counter("dialog_body_bytes_received_total", "Bytes of bodies of requests", bytes_in);
  page.counter("dialog_body_bytes_sent_total", "Bytes of bodies of responses", bytes_out);
  page.counter("dialog_blocks_stored_total", "Blocks of acknowledged requests to store them",
               blocks_stored);
  page.counter("dialog_block_bytes_stored_total", "Their bytes", block_bytes_stored);
  page.counter("dialog_blocks_read_total", "Blocks in answers", blocks_read);
  page.counter("dialog_block_bytes_read_total", "Their bytes", block_bytes_read);
  page.gauge("dialog_streams_open", "Streams of changes that are open",
             static_cast<double>(state.watched.streams));
  page.gauge("dialog_watched_subjects", "Subjects that some stream tells of",
             static_cast<double>(state.watched.subjects));
  page.gauge("dialog_watch_bytes", "Memory that is held for streams, without their connections",
             static_cast<double>(state.watched.bytes));
  page.family("dialog_watch_events_total", "Events of all streams",
              prometheus::MetricType::Counter);
  page.value(static_cast<double>(state.watched.events));
  page.gauge("dialog_store_writable", "0 where nothing can be written until a new start",
             state.writable ? 1 : 0);
  page.gauge("dialog_ready", "What /readyz says", state.ready ? 1 : 0);
  return page.print();
}

}  // namespace dialog::server
