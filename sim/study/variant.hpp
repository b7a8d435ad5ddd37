// One point of a study as the road takes it: network, changes, options of the search, target.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/oracle.hpp>
#include <u65sim/study.hpp>
#include <u65sim/target.hpp>

#include "study/changes.hpp"

namespace u65sim::study {

struct Variant {
    std::string network;
    Target target;
    OracleOptions options;
    NetworkChanges changes;
};

/// Makes the variant that settings describe: the target first, then what changes it, in the order
/// given; a later value of a key replaces an earlier one. Paths are relative to `folder`. Throws
/// InvalidConfig "key = value: must be ..." or naming the nearest key. `read` finds the target.
Variant make_variant(const std::vector<StudySetting>& settings, const std::filesystem::path& folder,
                     const std::function<Target(const std::string& name)>& read);
/// The target is a preset, or a file in `folder`.
Variant make_variant(const std::vector<StudySetting>& settings,
                     const std::filesystem::path& folder);

/// Throws InvalidConfig unless the key is known and takes the value.
void check_setting(const StudySetting& setting, const std::filesystem::path& folder);

/// Names of all keys.
std::vector<std::string> key_names();
/// Whether the key is a number of the target that "x1.1", "+8" and "-8" may change.
bool is_numeric_field(std::string_view key);
/// Where a network's name points: "zoo:NAME" or a path, `folder` put before a relative one.
std::string resolved_network(const std::string& network, const std::filesystem::path& folder);

}  // namespace u65sim::study
