#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dialog/base/bytes.hpp"

namespace dialog::sim {

/// What must be in the database in the end, whatever the network and the disks did meanwhile.
///
/// A *marker* is added once by one replica, never changed, and maybe deleted once by a replica that
/// sees it. An *owned* key is changed by one replica only. Both have one right end. *Shared* keys
/// are changed by everybody: of them only agreement is asked.
class Model {
 public:
  using Contents = std::map<Bytes, Bytes>;

  /// One commit, from before it is tried until its fate is known.
  struct Commit {
    Contents added_markers;
    std::set<Bytes> deleted_markers;
    std::map<Bytes, std::optional<Bytes>> owned;
  };

  /// The commit was acknowledged.
  void acknowledge(const Commit& commit) {
    for (const auto& [key, value] : commit.added_markers)
      markers_[key] = {value, Fate::certain, Fate::never};
    for (const Bytes& key : commit.deleted_markers) markers_[key].deleted = Fate::certain;
    for (const auto& [key, value] : commit.owned) owned_[key] = {value};
  }

  /// Nobody knows whether the commit happened.
  void leave_open(const Commit& commit) {
    for (const auto& [key, value] : commit.added_markers)
      markers_[key] = {value, Fate::open, Fate::never};
    for (const Bytes& key : commit.deleted_markers) markers_[key].deleted = Fate::open;
    for (const auto& [key, value] : commit.owned) {
      auto& values = owned_[key];
      if (values.empty()) values.push_back(std::nullopt);
      values.push_back(value);
    }
  }

  [[nodiscard]] bool is_deleted(const Bytes& marker) const {
    const auto at = markers_.find(marker);
    return at == markers_.end() || at->second.deleted != Fate::never;
  }

  /// What is wrong with the final contents; empty where nothing is. `deletions_hold` is false where
  /// a swap's fate could not be learned: then a deleted marker may come back.
  [[nodiscard]] std::vector<std::string> faults(const Contents& contents,
                                                bool deletions_hold) const {
    std::vector<std::string> out;
    for (const auto& [key, marker] : markers_) {
      const auto at = contents.find(key);
      const bool there = at != contents.end();
      if (there && at->second != marker.value)
        out.push_back("marker " + key + " has another value");
      if (!there && marker.added == Fate::certain && marker.deleted == Fate::never) {
        out.push_back("marker " + key + " was acknowledged and is lost");
      }
      if (there && marker.deleted == Fate::certain && deletions_hold) {
        out.push_back("marker " + key + " was deleted and is back");
      }
    }
    for (const auto& [key, values] : owned_) {
      const auto at = contents.find(key);
      const auto actual = at == contents.end() ? std::nullopt : std::optional(at->second);
      bool allowed = false;
      for (const auto& value : values) allowed = allowed || value == actual;
      if (!allowed) out.push_back("owned key " + key + " is not as its owner left it");
    }
    return out;
  }

 private:
  enum class Fate : std::uint8_t { never, open, certain };
  struct Marker {
    Bytes value;
    Fate added = Fate::never;
    Fate deleted = Fate::never;
  };
  std::map<Bytes, Marker> markers_;
  std::map<Bytes, std::vector<std::optional<Bytes>>> owned_;  // the values that it may have
};

}  // namespace dialog::sim
