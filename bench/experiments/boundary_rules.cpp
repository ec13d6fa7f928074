// Compares rules that say where the nodes of a tree end (docs/decisions/0014-boundary-rule.md holds
// its table). Simulates levels of entries, of which only sizes and hashes matter; writes nothing.
// Takes about a minute: boundary_rules [entries] [edits]

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Hash64 = std::uint64_t;

// Steele, Lea and Flood's SplitMix64: the finisher of MurmurHash3 over a counter.
Hash64 mix(Hash64 x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

struct Entry {
  Hash64 key = 0;      // stands for the key; its hash on each level comes from it
  Hash64 content = 0;  // stands for what a parent knows of it: another content is another node
  std::uint32_t bytes = 0;
};
using Level = std::vector<Entry>;

constexpr std::uint32_t kLeafEntryBytes = 84;   // 16 of key, 64 of value, lengths
constexpr std::uint32_t kInnerEntryBytes = 56;  // 16 of key, 32 of hash, sizes

/// Where the nodes of one level end: behind these entries. The last one always does.
using Ends = std::vector<std::size_t>;
using HashOf = std::function<Hash64(std::size_t level, const Entry& entry)>;

struct Rule {
  std::string name;
  std::function<Ends(std::size_t level, const Level& entries, const HashOf& hash)> cut;
};

double as_share(Hash64 hash) { return static_cast<double>(hash) * 0x1p-64; }

/// A rule that decides by what the open node holds: `hazard(before, after)` is the chance that it
/// ends there.
Rule stateful(std::string name, const std::function<double(double before, double after)>& hazard) {
  return {std::move(name), [hazard](std::size_t level, const Level& entries, const HashOf& hash) {
            Ends ends;
            double bytes = 0;
            for (std::size_t i = 0; i < entries.size(); ++i) {
              const double before = bytes;
              bytes += entries[i].bytes;
              const double chance = hazard(before, bytes);
              if (chance < 1 && as_share(hash(level, entries[i])) >= chance) continue;
              ends.push_back(i);
              bytes = 0;
            }
            if (!entries.empty() && (ends.empty() || ends.back() + 1 < entries.size()))
              ends.push_back(entries.size() - 1);
            return ends;
          }};
}

Rule by_key_alone(double target) {
  return stateful("key hash alone",
                  [target](double before, double after) { return (after - before) / target; });
}

Rule weibull(double target) {
  const double scale = target / std::tgamma(1.25);
  return stateful("Weibull k=4, max 4T", [=](double before, double after) {
    if (after >= 4 * target) return 1.0;
    return 1 - std::exp(std::pow(before / scale, 4) - std::pow(after / scale, 4));
  });
}

/// Nothing below T/2, then a chance that rises evenly, certain at 2T.
Rule rising(double target) {
  return stateful("min T/2, rising, max 2T", [=](double before, double after) {
    if (after < target / 2) return 0.0;
    if (after >= 2 * target) return 1.0;
    const double x = after - target / 2;
    const double y = std::max(before, target / 2) - target / 2;
    // The mean beyond the minimum is then T/2.
    return (x * x - y * y) * 3.14159265358979 / (target * target);
  });
}

/// Two chances, as content-defined chunking with normalization has them.
Rule two_steps(double target) {
  return stateful("min T/2, low then high, max 2T", [=](double before, double after) {
    if (after < target / 2) return 0.0;
    if (after >= 2 * target) return 1.0;
    return (after - before) / target * (after < target ? 0.5 : 4.0);
  });
}

/// Ends at the least hash of those within so many bytes to both sides; by force at a ceiling.
Rule local_minimum(double target) {
  return {"least hash within T/2 to both sides, max 2T",
          [target](std::size_t level, const Level& entries, const HashOf& hash) {
            std::vector<Hash64> hashes(entries.size());
            for (std::size_t i = 0; i < entries.size(); ++i) hashes[i] = hash(level, entries[i]);
            const auto is_least = [&](std::size_t i) {
              double bytes = 0;
              for (std::size_t j = i; j > 0 && bytes < target / 2; --j) {
                if (hashes[j - 1] <= hashes[i]) return false;
                bytes += entries[j - 1].bytes;
              }
              bytes = 0;
              for (std::size_t j = i + 1; j < entries.size() && bytes < target / 2; ++j) {
                if (hashes[j] <= hashes[i]) return false;
                bytes += entries[j].bytes;
              }
              return true;
            };
            Ends ends;
            double bytes = 0;
            for (std::size_t i = 0; i < entries.size(); ++i) {
              bytes += entries[i].bytes;
              if (i + 1 < entries.size() && bytes < 2 * target && !is_least(i)) continue;
              ends.push_back(i);
              bytes = 0;
            }
            return ends;
          }};
}

/// Ends at the least hash of the entries that lie T/2 to 3T/2 behind the last end.
Rule least_ahead(double target) {
  return {"least hash from T/2 to 3T/2 ahead",
          [target](std::size_t level, const Level& entries, const HashOf& hash) {
            Ends ends;
            for (std::size_t begin = 0; begin < entries.size(); begin = ends.back() + 1) {
              double bytes = 0;
              std::size_t best = entries.size() - 1;
              Hash64 least = ~Hash64{0};
              bool whole = true;
              for (std::size_t i = begin; i < entries.size(); ++i) {
                bytes += entries[i].bytes;
                if (bytes >= 1.5 * target) {
                  whole = false;
                  break;
                }
                if (bytes < target / 2) continue;
                const Hash64 here = hash(level, entries[i]);
                if (here >= least && best + 1 < entries.size()) continue;
                least = here;
                best = i;
              }
              // The rest of a level that would fit is its last node.
              ends.push_back(whole ? entries.size() - 1 : best);
            }
            return ends;
          }};
}

struct Tree {
  std::vector<Level> nodes;  // of each level: what its nodes are to the level above
  std::vector<std::vector<double>> sizes;
};

Tree build(const Rule& rule, const Level& leaves, const HashOf& hash) {
  Tree tree;
  Level entries = leaves;
  for (std::size_t level = 0; level < 30; ++level) {
    const Ends ends = rule.cut(level, entries, hash);
    Level nodes;
    std::vector<double> sizes;
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      Entry node{entries[end].key, 1, kInnerEntryBytes};
      double bytes = 0;
      for (; begin <= end; ++begin) {
        node.content = mix(node.content ^ mix(entries[begin].key) ^ entries[begin].content);
        bytes += entries[begin].bytes;
      }
      nodes.push_back(node);
      sizes.push_back(bytes);
    }
    tree.nodes.push_back(nodes);
    tree.sizes.push_back(std::move(sizes));
    if (nodes.size() == 1) break;
    entries = std::move(nodes);
  }
  return tree;
}

struct Rewritten {
  std::size_t nodes = 0;
  double bytes = 0;
};

/// The nodes of a level that another version of it does not have; both differ in one place.
Rewritten rewritten(const Tree& before, const Tree& after, std::size_t level) {
  const Level& now = after.nodes[level];
  if (level >= before.nodes.size()) return {now.size(), 0};
  const Level& old = before.nodes[level];
  const auto same = [](const Entry& a, const Entry& b) { return a.content == b.content; };
  const auto limit = static_cast<std::ptrdiff_t>(std::min(old.size(), now.size()));
  const auto front =
      std::mismatch(now.begin(), now.begin() + limit, old.begin(), same).first - now.begin();
  const auto left = limit - front;
  const auto back =
      std::mismatch(now.rbegin(), now.rbegin() + left, old.rbegin(), same).first - now.rbegin();
  Rewritten result;
  for (std::ptrdiff_t i = front; i < static_cast<std::ptrdiff_t>(now.size()) - back; ++i) {
    ++result.nodes;
    result.bytes += after.sizes[level][static_cast<std::size_t>(i)];
  }
  return result;
}

struct Spread {
  double mean = 0, deviation = 0, p99 = 0, max = 0;
};

Spread spread_of(std::vector<double> sizes) {
  if (sizes.size() > 1) sizes.pop_back();  // the last node of a level ends where the level does
  Spread spread;
  for (const double size : sizes) spread.mean += size / static_cast<double>(sizes.size());
  for (const double size : sizes)
    spread.deviation +=
        (size - spread.mean) * (size - spread.mean) / static_cast<double>(sizes.size());
  spread.deviation = std::sqrt(spread.deviation);
  std::sort(sizes.begin(), sizes.end());
  spread.p99 = sizes[sizes.size() * 99 / 100];
  spread.max = sizes.back();
  return spread;
}

Hash64 honest(std::size_t level, const Entry& entry) { return mix(entry.key ^ mix(level)); }

Level honest_leaves(std::size_t count) {
  Level leaves(count);
  for (std::size_t i = 0; i < count; ++i)
    leaves[i] = {mix(i), mix(i), kLeafEntryBytes};  // the order of the vector is that of the keys
  return leaves;
}

void report_honest(const Rule& rule, std::size_t count, std::size_t edits) {
  Level leaves = honest_leaves(count);
  const Tree first = build(rule, leaves, honest);
  const Spread leaf = spread_of(first.sizes[0]);
  const Spread inner = first.sizes.size() > 1 ? spread_of(first.sizes[1]) : Spread{};
  double leaf_bytes = 0;
  double all_bytes = 0;
  double leaf_nodes = 0;
  double all_nodes = 0;
  std::size_t leaf_worst = 0;
  std::size_t all_worst = 0;
  Tree before = first;
  for (std::size_t edit = 0; edit < edits; ++edit) {
    const auto at = static_cast<std::ptrdiff_t>(mix(edit ^ 0xED17U) % leaves.size());
    leaves.insert(leaves.begin() + at, Entry{mix(edit ^ 0xABCDEF00U), edit, kLeafEntryBytes});
    Tree after = build(rule, leaves, honest);
    std::size_t nodes = 0;
    for (std::size_t level = 0; level < after.nodes.size(); ++level) {
      const Rewritten part = rewritten(before, after, level);
      nodes += part.nodes;
      all_bytes += part.bytes;
      if (level > 0) continue;
      leaf_bytes += part.bytes;
      leaf_nodes += static_cast<double>(part.nodes);
      leaf_worst = std::max(leaf_worst, part.nodes);
    }
    all_nodes += static_cast<double>(nodes);
    all_worst = std::max(all_worst, nodes);
    before = std::move(after);
  }
  const auto n = static_cast<double>(edits);
  std::printf(
      "| %s | %.0f | %.2f | %.2f | %.1f | %.1f | %.2f | %.2f / %zu | %.1f | %.2f / %zu | %zu |\n",
      rule.name.c_str(), leaf.mean, leaf.deviation / leaf.mean,
      inner.mean > 0 ? inner.deviation / inner.mean : 0, leaf.p99 / leaf.mean, leaf.max / leaf.mean,
      leaf_bytes / n / leaf.mean, leaf_nodes / n, leaf_worst, all_bytes / n / 1024, all_nodes / n,
      all_worst, first.nodes.size());
  std::fflush(stdout);
}

/// What somebody reaches who picks the hashes of keys: never an end where it can be avoided, always
/// one, or least hashes that ascend, so that no place is the least of its neighbourhood.
void report_mined(const Rule& rule, std::size_t count) {
  struct Attack {
    const char* name;
    HashOf hash;
  };
  const std::array<Attack, 3> attacks{
      Attack{"avoid", [](std::size_t, const Entry&) { return ~Hash64{0}; }},
      Attack{"force", [](std::size_t, const Entry&) { return Hash64{0}; }},
      Attack{"ascend", [](std::size_t, const Entry& entry) { return entry.key << 24U; }}};
  for (const Attack& attack : attacks) {
    Level leaves(count);
    for (std::size_t i = 0; i < count; ++i) leaves[i] = {2 * i + 2, mix(i), kLeafEntryBytes};
    const Tree before = build(rule, leaves, attack.hash);
    leaves.insert(leaves.begin(), Entry{1, 1, kLeafEntryBytes});
    const Tree after = build(rule, leaves, attack.hash);
    std::size_t nodes = 0;
    for (std::size_t level = 0; level < after.nodes.size(); ++level)
      nodes += rewritten(before, after, level).nodes;
    const Spread leaf = spread_of(before.sizes[0]);
    std::printf("| %s | %s | %.0f | %.0f | %zu | %zu of %zu |\n", rule.name.c_str(), attack.name,
                leaf.mean, leaf.max, before.nodes.size(), nodes, after.nodes[0].size());
    std::fflush(stdout);
  }
}

std::vector<Rule> rules(double target) {
  return {by_key_alone(target), weibull(target),       rising(target),
          two_steps(target),    local_minimum(target), least_ahead(target)};
}

std::size_t argument(int argc, char** argv, int index, std::size_t otherwise) {
  if (argc <= index) return otherwise;
  const std::string_view text = argv[index];
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) {
    std::fprintf(stderr, "boundary_rules [entries] [edits], not %s\n", argv[index]);
    std::exit(2);
  }
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t entries = argument(argc, argv, 1, 100'000);
  const std::size_t edits = argument(argc, argv, 2, 1'000);
  for (const double target : {4096.0, 8192.0, 16384.0}) {
    std::printf("\nT = %.0f, %zu entries of %u bytes, %zu single inserts\n\n", target, entries,
                kLeafEntryBytes, edits);
    std::puts(
        "| rule | mean leaf | spread (CV) | CV of level 1 | p99 / mean | max / mean "
        "| leaf bytes per insert / mean | leaves per insert, mean / worst "
        "| KiB per insert, all levels | nodes per insert, mean / worst | levels |");
    std::puts("|---|---|---|---|---|---|---|---|---|---|---|");
    for (const Rule& rule : rules(target)) report_honest(rule, entries, edits);
  }
  std::puts("\nMined keys, T = 4096, an insert at the front\n");
  std::puts(
      "| rule | attack | mean leaf | largest leaf | levels | nodes that the insert rewrites |");
  std::puts("|---|---|---|---|---|---|");
  for (const Rule& rule : rules(4096)) report_mined(rule, entries);
}
