#include "oracle/named.hpp"

#include <algorithm>

#include <u65sim/network.hpp>

namespace u65sim::named {

std::optional<std::string_view> zoo_name(std::string_view network) {
    constexpr std::string_view prefix = "zoo:";
    if (network.starts_with(prefix)) return network.substr(prefix.size());
    const auto entries = zoo_list();
    const bool is_entry = std::any_of(entries.begin(), entries.end(),
                                      [&](const ZooEntry& each) { return each.name == network; });
    return is_entry ? std::optional{network} : std::nullopt;
}

Graph network(const std::string& name, const ZooWeights& weights) {
    if (const auto entry = zoo_name(name)) return zoo(*entry, weights);
    return read_network(name);
}

bool is_target_file(std::string_view name) {
    return name.find('/') != std::string_view::npos || name.ends_with(".yaml") ||
           name.ends_with(".yml");
}

Target target(const std::string& name, const std::filesystem::path& folder) {
    return is_target_file(name) ? Target::from_yaml(folder / name) : Target::preset(name);
}

}  // namespace u65sim::named
